extension SearchQuery {
    /// How many places that only may be a phrase's beginning are looked at closely.
    private static let closeLooks = 32

    /// The text round its first match in one line, at most ``Limits/snippetLength`` characters, with `…` where it was cut.
    ///
    /// The work is bounded: it looks at the first ``Limits/snippetSourceLength`` scalars, and at few places closely; where
    /// the match is not among them, the text's beginning is shown.
    public func snippet(of text: String) -> String {
        let pieces = Piece.pieces(of: String(text.unicodeScalars.prefix(Limits.snippetSourceLength)))
        let hit = firstMatch(in: pieces)
        let start = Self.start(before: hit, in: pieces)
        var snippet = start > 0 ? "…" : ""
        var room = Limits.snippetLength - snippet.count
        for index in start..<pieces.count {
            let addition = (index > start && pieces[index].beginsWord ? " " : "") + pieces[index].text
            let length = addition.count
            // One character is kept for the mark that says there is more.
            guard length < room else { return snippet + "…" }
            snippet += addition
            room -= length
        }
        return snippet
    }

    private func firstMatch(in pieces: [Piece]) -> Int {
        var looks = Self.closeLooks
        for index in pieces.indices {
            let own = Tokenizer.terms(of: String(pieces[index].text))
            if clauses.contains(where: { $0.begins(at: index, of: pieces, own: own, looks: &looks) }) { return index }
            if looks == 0 { break }
        }
        return 0
    }

    // Some words before the match, so that one sees what it is about, and few enough to leave the match in sight.
    private static func start(before hit: Int, in pieces: [Piece]) -> Int {
        var start = hit
        var length = 0
        while start > 0 {
            length += pieces[start - 1].text.count + 1
            guard length <= Limits.snippetLength / 4 else { break }
            start -= 1
        }
        return start
    }

    /// A word, or a part of one that is long: of a URL, or of a text without spaces.
    struct Piece {
        /// The longest piece in characters.
        static let length = 40

        let text: Substring
        let beginsWord: Bool

        static func pieces(of text: String) -> [Piece] {
            var pieces: [Piece] = []
            for word in text.split(whereSeparator: \.isWhitespace) {
                var rest = word
                repeat {
                    let text = rest.prefix(length)
                    pieces.append(Piece(text: text, beginsWord: text.startIndex == word.startIndex))
                    rest = rest[text.endIndex...]
                } while !rest.isEmpty
            }
            return pieces
        }
    }
}

extension SearchQuery.Clause {
    /// Whether the clause matches here: its first term in this piece, the others in it or in those behind it.
    ///
    /// `own` are the terms of this piece, `looks` how many more times one may look at the pieces behind it.
    fileprivate func begins(
        at index: Int,
        of pieces: [SearchQuery.Piece],
        own: [String],
        looks: inout Int
    ) -> Bool {
        let isCut = index + 1 < pieces.count && !pieces[index + 1].beginsWord
        if terms.count == 1, !isCut { return firstMatch(in: own) != nil }
        // Most pieces hold nothing of the first term; only the others are worth looking further. The last term of a piece
        // that was cut may go on in the next one.
        let first = terms[0].utf8
        let isPossible =
            own.contains { $0.utf8.starts(with: first) }
            || (isCut && own.last.map { first.starts(with: $0.utf8) } == true)
        guard isPossible, looks > 0 else { return false }
        looks -= 1
        var window = ""
        for piece in pieces[index...].prefix(terms.count + 1) { window += (piece.beginsWord ? " " : "") + piece.text }
        return firstMatch(in: Tokenizer.terms(of: window)).map { $0 < own.count } == true
    }
}
