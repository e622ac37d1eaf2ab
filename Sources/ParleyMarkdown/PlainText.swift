/// A text shown as it was written: each of its paragraphs as one, without any mark-up.
enum PlainText {
    static func blocks(of bytes: UnsafeBufferPointer<UInt8>) -> [MarkdownBlock] {
        var blocks: [MarkdownBlock] = []
        var first = 0
        var start = 0
        var lines = LineReader(bytes)
        func close(at end: Int) {
            guard end > start else { return }
            var writer = HTMLWriter(capacity: end - start + 64)
            writer.markup("<p class=\"plain\" dir=\"auto\">")
            writer.text(UnsafeBufferPointer(rebasing: bytes[start..<end]))
            writer.markup("</p>")
            blocks.append(MarkdownBlock(line: first, html: writer.string))
        }
        var end = 0
        while let line = lines.next() {
            if line.isBlank {
                close(at: end)
                start = lines.position
                end = start
            } else {
                if end == start {
                    first = lines.number
                    start = line.bytes.startIndex
                }
                end = line.bytes.endIndex
            }
        }
        close(at: end)
        return blocks
    }
}

/// The lines of a text, ended as CommonMark says: by a line feed, a carriage return, or both.
struct LineReader {
    struct Line {
        let bytes: Slice<UnsafeBufferPointer<UInt8>>

        /// Whether there is nothing but spaces and tabs.
        var isBlank: Bool { bytes.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    /// Where the next line begins.
    private(set) var position = 0
    /// The number of the line that was read last, from 1.
    private(set) var number = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func next() -> Line? {
        guard position < bytes.count else { return nil }
        let start = position
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n"), bytes[end] != UInt8(ascii: "\r") { end += 1 }
        position = end
        if position < bytes.count {
            let isPair =
                bytes[end] == UInt8(ascii: "\r") && end + 1 < bytes.count && bytes[end + 1] == UInt8(ascii: "\n")
            position += isPair ? 2 : 1
        }
        number += 1
        return Line(bytes: bytes[start..<end])
    }
}
