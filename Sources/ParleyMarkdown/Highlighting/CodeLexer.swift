/// The pieces of code in a language of comments, strings, numbers and words.
struct CodeLexer {
    private let text: [UInt8]
    private let language: Language
    private var position = 0

    init(_ text: [UInt8], _ language: Language) {
        self.text = text
        self.language = language
    }

    mutating func next() -> Highlighter.Piece? {
        guard position < text.count else { return nil }
        let start = position
        // Only a word may be nothing in particular.
        let kind = comment() ?? string() ?? number() ?? meta() ?? word()
        if position == start { position += 1 }
        return Highlighter.Piece(range: start..<position, kind: kind)
    }

    private func byte(_ index: Int) -> UInt8 {
        index >= 0 && index < text.count ? text[index] : 0
    }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...,
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "-"): language.traits.contains(.hyphens)
        default: false
        }
    }

    private mutating func comment() -> TokenKind? {
        for mark in language.lineComments where text.has(mark, at: position) {
            // Neither the # of `$#` nor that of an address.
            if language.traits.contains(.spacedComments), byte(position - 1) > 0x20 { continue }
            position = text.endOfLine(from: position)
            return .comment
        }
        for comment in language.blockComments where text.has(comment.open, at: position) {
            var depth = 0
            repeat {
                if text.has(comment.close, at: position) {
                    depth -= 1
                    position += comment.close.count
                } else if text.has(comment.open, at: position), depth == 0 || comment.nests {
                    depth += 1
                    position += comment.open.count
                } else {
                    position += 1
                }
            } while depth > 0 && position < text.count
            return .comment
        }
        return nil
    }

    private mutating func string() -> TokenKind? {
        for quote in language.quotes where text.has(quote.mark, at: position) {
            if quote.isCharacter {
                guard let end = endOfCharacter() else { continue }
                position = end
                return .string
            }
            position += quote.mark.count
            while position < text.count {
                if text.has(quote.mark, at: position) {
                    position += quote.mark.count
                    break
                }
                if !quote.spansLines && text[position] == UInt8(ascii: "\n") { break }
                position += quote.escapes && text[position] == UInt8(ascii: "\\") && byte(position + 1) != 10 ? 2 : 1
            }
            position = min(position, text.count)
            return isKey() ? .name : .string
        }
        return nil
    }

    /// Where a literal of one character ends, `'a'` or `'\n'`; `nil` where it is none.
    private func endOfCharacter() -> Int? {
        let longest = 12
        var index = position + 1
        if byte(index) == UInt8(ascii: "\\") { index += 1 }
        let end = min(text.count, position + longest)
        index += 1
        while index < end, text[index] != UInt8(ascii: "'") {
            // Without an escape only the bytes of one character may come.
            guard text[index] >= 0x80 || byte(position + 1) == UInt8(ascii: "\\") else { return nil }
            index += 1
        }
        return index < end && text[position + 1] != UInt8(ascii: "\n") ? index + 1 : nil
    }

    private mutating func number() -> TokenKind? {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[position], !isWord(byte(position - 1)) else { return nil }
        while position < text.count {
            let current = text[position]
            let isFraction = current == UInt8(ascii: ".") && UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte(position + 1)
            let isUnit = current == UInt8(ascii: "%")
            guard isWord(current) || isFraction || isUnit else { break }
            position += 1
        }
        return isKey() ? .name : .number
    }

    private mutating func meta() -> TokenKind? {
        guard language.metaMarks.contains(text[position]) else { return nil }
        var end = position + 1
        if text[position] == UInt8(ascii: "$"), byte(end) == UInt8(ascii: "{") {
            end = text[position...].firstIndex { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "\n") } ?? text.count
            position = min(end + 1, text.count)
            return .meta
        }
        guard isWord(byte(end)), byte(end) != UInt8(ascii: "-"), !isWord(byte(position - 1)) else { return nil }
        while isWord(byte(end)) { end += 1 }
        position = end
        return .meta
    }

    private mutating func word() -> TokenKind? {
        guard isWord(text[position]) else { return nil }
        let start = position
        while isWord(byte(position)) { position += 1 }
        // A question mark ends some words of Ruby; none is longer than a line of keywords.
        guard position - start <= 32 else { return nil }
        let word =
            language.traits.contains(.ignoresCase)
            ? text[start..<position].map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
            : Array(text[start..<position])
        if isKey() { return .name }
        if language.keywords.contains(word) { return .keyword }
        let isCapital = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= text[start]
        return language.traits.contains(.capitalTypes) && isCapital ? .name : nil
    }

    /// Whether what ends here stands before a colon, where that names something.
    private func isKey() -> Bool {
        guard language.traits.contains(.keys) else { return false }
        var index = position
        while index < min(text.count, position + 8), text[index] == UInt8(ascii: " ") { index += 1 }
        return byte(index) == UInt8(ascii: ":")
    }
}
