/// A style sheet without what only its readers need: comments, line breaks, and spaces that part nothing.
///
/// Strings keep every character.
struct SqueezedStyle {
    /// What is left.
    private(set) var bytes: [UInt8] = []

    init(_ source: [UInt8]) {
        bytes.reserveCapacity(source.count)
        var rest = source[...]
        var isParted = false
        while let byte = rest.first {
            var end = rest.startIndex + 1
            if byte == space || byte == newline {
                isParted = true
            } else if rest.starts(with: "/*".utf8) {
                end = rest.dropFirst(2).firstRange(of: "*/".utf8)?.upperBound ?? rest.endIndex
                isParted = true
            } else {
                if byte == quote { end = rest.dropFirst().firstIndex(of: quote).map { $0 + 1 } ?? rest.endIndex }
                if isParted, let last = bytes.last, !partsNothing(behind: last, before: byte) {
                    bytes.append(space)
                }
                bytes += rest[..<end]
                isParted = false
            }
            rest = rest[end...]
        }
    }

    /// Whether a space means nothing there.
    ///
    /// One before a colon may: `a :hover` is not `a:hover`.
    private func partsNothing(behind last: UInt8, before next: UInt8) -> Bool {
        Array("{};:,".utf8).contains(last) || Array("{};,".utf8).contains(next)
    }
}

private let space = UInt8(ascii: " ")
private let newline = UInt8(ascii: "\n")
private let quote = UInt8(ascii: "\"")
