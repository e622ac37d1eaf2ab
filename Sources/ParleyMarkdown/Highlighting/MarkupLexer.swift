/// The pieces of HTML and XML: tags, their attributes and values, comments and entities.
struct MarkupLexer {
    private let text: [UInt8]
    private var position = 0
    /// Whether the position is inside of a tag.
    private var isInTag = false

    init(_ text: [UInt8]) {
        self.text = text
    }

    mutating func next() -> Highlighter.Piece? {
        guard position < text.count else { return nil }
        let start = position
        let kind = isInTag ? insideTag() : outside()
        return Highlighter.Piece(range: start..<position, kind: kind)
    }

    private mutating func outside() -> TokenKind? {
        if text.has(Array("<!--".utf8), at: position) {
            position += 4
            while position < text.count, !text.has(Array("-->".utf8), at: position) { position += 1 }
            position = min(position + 3, text.count)
            return .comment
        }
        guard text[position] == UInt8(ascii: "<") else {
            position = text[position...].firstIndex(of: UInt8(ascii: "<")) ?? text.count
            return nil
        }
        position += 1
        while position < text.count, "/!?".utf8.contains(text[position]) { position += 1 }
        let nameStart = position
        takeName()
        isInTag = position > nameStart
        return isInTag ? .keyword : nil
    }

    private mutating func insideTag() -> TokenKind? {
        let byte = text[position]
        switch byte {
        case UInt8(ascii: ">"):
            position += 1
            isInTag = false
            return .keyword
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let end = text[(position + 1)...].firstIndex(of: byte)
            position = end.map { $0 + 1 } ?? text.count
            return .string
        default:
            let start = position
            takeName()
            if position > start { return .name }
            position += 1
            return byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") ? .keyword : nil
        }
    }

    private mutating func takeName() {
        while position < text.count {
            switch text[position] {
            case 0...0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "="),
                UInt8(ascii: "\""),
                UInt8(ascii: "'"), UInt8(ascii: "?"):
                return
            default: position += 1
            }
        }
    }
}

/// The lines of a difference between two files.
struct DiffLexer {
    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    mutating func next() -> Highlighter.Piece? {
        guard position < text.count else { return nil }
        let start = position
        let end = text.endOfLine(from: start)
        position = min(end + 1, text.count)
        let isHeader = ["+++", "---", "@@", "diff ", "index "].contains { text.has(Array($0.utf8), at: start) }
        if isHeader { return Highlighter.Piece(range: start..<position, kind: .meta) }
        switch text[start] {
        case UInt8(ascii: "+"): return Highlighter.Piece(range: start..<position, kind: .inserted)
        case UInt8(ascii: "-"): return Highlighter.Piece(range: start..<position, kind: .deleted)
        default: return Highlighter.Piece(range: start..<position, kind: nil)
        }
    }
}
