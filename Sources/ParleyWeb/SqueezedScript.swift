/// A script without what only its readers need: comments, indentation, spaces that part nothing, and the length of private
/// names.
///
/// A private name (`#name`) means something only within its class, so that a shorter one, the same in the whole file, does, too.
/// Line breaks stay where statements may end with them. Strings, templates and regular expressions keep every character. A slash
/// begins a regular expression where a value may begin; one right behind a closing bracket is taken for a division.
struct SqueezedScript {
    /// What is left.
    private(set) var bytes: [UInt8] = []

    private var rest: ArraySlice<UInt8>
    /// Of each `${` that is open, how many braces are open within it.
    private var braces: [Int] = []
    /// Whether spaces stood behind what was kept last, and whether a line break did.
    private var isParted = false
    private var isBroken = false
    private var shortNames: [ArraySlice<UInt8>: [UInt8]] = [:]

    init(_ source: [UInt8]) {
        rest = source[...]
        bytes.reserveCapacity(source.count)
        while let byte = rest.first { take(byte) }
    }

    private mutating func take(_ byte: UInt8) {
        switch byte {
        case space:
            isParted = true
            rest.removeFirst()
        case newline:
            isBroken = true
            rest.removeFirst()
        case slash where rest.starts(with: "//".utf8): rest = rest.drop { $0 != newline }
        case slash where rest.starts(with: "/*".utf8): skipComment()
        case slash where mayBeginValue: keepPattern()
        case UInt8(ascii: "\""), UInt8(ascii: "'"): keepQuoted()
        case backtick: keepTemplate()
        case hash: keepPrivateName()
        case UInt8(ascii: "}") where braces.last == 0:
            braces.removeLast()
            keepTemplate()
        default:
            if let open = braces.last, byte == openBrace || byte == UInt8(ascii: "}") {
                braces[braces.count - 1] = open + (byte == openBrace ? 1 : -1)
            }
            keep(1)
        }
    }

    /// Keeps what comes next, parted from what is before where they would run into one.
    private mutating func keep(_ count: Int) {
        if let last = bytes.last, let next = rest.first {
            if isBroken, mayEndStatement(last, before: next) {
                bytes.append(newline)
            } else if isParted || isBroken, runTogether(last, next) {
                bytes.append(space)
            }
        }
        isParted = false
        isBroken = false
        bytes += rest.prefix(count)
        rest = rest.dropFirst(count)
    }

    private mutating func skipComment() {
        isParted = true
        let end = rest.dropFirst(2).firstRange(of: "*/".utf8)?.upperBound ?? rest.endIndex
        isBroken = isBroken || rest[..<end].contains(newline)
        rest = rest[end...]
    }

    private mutating func keepQuoted() {
        let quote = rest.first
        keep(rest.length { byte, _ in byte == quote })
    }

    private mutating func keepPattern() {
        var isInClass = false
        let length = rest.length { byte, _ in
            if byte == UInt8(ascii: "[") { isInClass = true }
            if byte == UInt8(ascii: "]") { isInClass = false }
            return byte == slash && !isInClass
        }
        keep(length)
    }

    private mutating func keepPrivateName() {
        let name = rest.dropFirst().prefix(while: isOfWord)
        keep(1)
        rest = rest.dropFirst(name.count)
        let short = shortNames[name] ?? Self.shortName(shortNames.count)
        shortNames[name] = short
        bytes += short
    }

    /// The names of one letter, then those of two, and so on.
    private static func shortName(_ number: Int) -> [UInt8] {
        let letter = UInt8(ascii: "a") + UInt8(number % 26)
        return number < 26 ? [letter] : shortName(number / 26 - 1) + [letter]
    }

    /// Keeps a template, or the next part of one, up to its end or the beginning of a value in it.
    private mutating func keepTemplate() {
        let length = rest.length { byte, next in byte == backtick || (byte == dollar && next == openBrace) }
        let isEnd = rest.dropFirst(length - 1).first == backtick
        keep(isEnd ? length : length + 1)
        if !isEnd { braces.append(0) }
    }

    /// Whether a value may stand next, and not an operator.
    private var mayBeginValue: Bool {
        guard let last = bytes.last else { return true }
        guard isOfWord(last) else { return !Array(")]}\"'`".utf8).contains(last) }
        let word = bytes.reversed().prefix(while: isOfWord).reversed()
        return ["return", "typeof", "case", "of", "in", "await", "yield", "throw"].contains {
            word.elementsEqual($0.utf8)
        }
    }
}

private let space = UInt8(ascii: " ")
private let newline = UInt8(ascii: "\n")
private let slash = UInt8(ascii: "/")
private let backslash = UInt8(ascii: "\\")
private let backtick = UInt8(ascii: "`")
private let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
private let hash = UInt8(ascii: "#")
private let dollar = UInt8(ascii: "$")
private let openBrace = UInt8(ascii: "{")

private func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    case UInt8(ascii: "_"), dollar, hash, 0x80...: true
    default: false
    }
}

/// Whether a line break there may end a statement: between what opens or parts, and what closes or goes on, it can't.
private func mayEndStatement(_ last: UInt8, before next: UInt8) -> Bool {
    !Array("{([,;".utf8).contains(last) && !Array(")]}.,;?:".utf8).contains(next)
}

/// Whether two bytes would mean something else side by side: as one word, as `++`, `--`, or a comment, or as `1.` does.
private func runTogether(_ last: UInt8, _ next: UInt8) -> Bool {
    if isOfWord(last) { return isOfWord(next) || (next == UInt8(ascii: ".") && digits.contains(last)) }
    return last == next && Array("+-/".utf8).contains(last)
}

extension ArraySlice<UInt8> {
    /// How long the literal is that begins here and ends where `isEnd` says so of a byte and the one behind it; escaped ones
    /// are not asked about.
    fileprivate func length(until isEnd: (UInt8, UInt8?) -> Bool) -> Int {
        var index = startIndex + 1
        while index < endIndex {
            if self[index] == backslash {
                index += 1
            } else if isEnd(self[index], index + 1 < endIndex ? self[index + 1] : nil) {
                return index - startIndex + 1
            }
            index += 1
        }
        return count
    }
}
