/// Cuts code into pieces and says what each is.
///
/// In one pass from left to right, in proportion to the length: nothing is looked at twice, what isn't closed reaches to the
/// end, and there is no state but the position. It colours; it doesn't understand: a mistake is a wrong colour.
enum Highlighter {
    /// A piece of a code; of `nil` kind where it is nothing in particular.
    struct Piece: Hashable {
        var range: Range<Int>
        var kind: TokenKind?
    }

    /// All of the text, piece by piece in order; neighbours are of different kinds.
    static func pieces(of text: [UInt8], as language: Language?) -> [Piece] {
        guard let language else { return [Piece(range: 0..<text.count, kind: nil)] }
        switch language.shape {
        case .code:
            var lexer = CodeLexer(text, language)
            return joined { lexer.next() }
        case .markup:
            var lexer = MarkupLexer(text)
            return joined { lexer.next() }
        case .diff:
            var lexer = DiffLexer(text)
            return joined { lexer.next() }
        }
    }

    private static func joined(_ next: () -> Piece?) -> [Piece] {
        var pieces: [Piece] = []
        while let piece = next() {
            if let last = pieces.last, last.kind == piece.kind {
                pieces[pieces.count - 1].range = last.range.lowerBound..<piece.range.upperBound
            } else {
                pieces.append(piece)
            }
        }
        return pieces
    }
}

extension [UInt8] {
    /// Whether something stands at a place.
    func has(_ mark: [UInt8], at index: Int) -> Bool {
        guard index + mark.count <= count else { return false }
        for offset in mark.indices where self[index + offset] != mark[offset] { return false }
        return true
    }

    /// Where the line ends that a place is in: at its line feed, or at the end.
    func endOfLine(from index: Int) -> Int {
        self[index...].firstIndex(of: UInt8(ascii: "\n")) ?? count
    }
}
