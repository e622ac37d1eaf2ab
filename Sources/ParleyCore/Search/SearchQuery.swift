/// What a person looks for: terms that must all be there.
///
/// Words may stand anywhere; words in double quotes side by side. A word with `*` at its end, and the last word outside of
/// quotes, match the beginning of a term, so that results come while one types.
public struct SearchQuery: Hashable, Sendable {
    /// Terms that must stand side by side; a single word is a clause of one.
    public struct Clause: Hashable, Sendable {
        /// The terms, as ``Tokenizer`` cuts them; never empty.
        public let terms: [String]
        /// Whether the last term needs only to begin so.
        public let isPrefix: Bool
    }

    /// The clauses, all of which must match; never empty.
    public let clauses: [Clause]

    /// Reads a query as it was typed; `nil` where no term is in it.
    public init?(_ text: String) {
        var clauses: [Clause] = []
        let pieces = text.split(separator: "\"", omittingEmptySubsequences: false)
        for (index, piece) in pieces.enumerated() {
            let isQuoted = index % 2 == 1
            if isQuoted {
                let terms = Tokenizer.phrase(String(piece))
                if !terms.isEmpty { clauses.append(Clause(terms: terms, isPrefix: Self.endsInOneOfPair(terms))) }
                continue
            }
            let isLastPiece = index == pieces.count - 1
            let words = piece.split(whereSeparator: \.isWhitespace)
            for (position, word) in words.enumerated() {
                let isLastWord = isLastPiece && position == words.count - 1 && piece.last?.isWhitespace != true
                let terms = Tokenizer.phrase(String(word))
                guard !terms.isEmpty else { continue }
                let isPrefix = word.last == "*" || isLastWord || Self.endsInOneOfPair(terms)
                clauses.append(Clause(terms: terms, isPrefix: isPrefix))
            }
        }
        guard !clauses.isEmpty else { return nil }
        self.clauses = Self.bounded(clauses)
    }

    // Each term is a walk through the index, in a phrase too: of a longer query the beginning counts.
    private static func bounded(_ clauses: [Clause]) -> [Clause] {
        var room = Limits.searchTerms
        return clauses.prefix(Limits.searchClauses).compactMap { clause in
            guard room > 0 else { return nil }
            defer { room -= clause.terms.count }
            guard clause.terms.count > room else { return clause }
            return Clause(terms: Array(clause.terms.prefix(room)), isPrefix: false)
        }
    }

    // A lone character of a script that is indexed in pairs stands in the index as the beginning of a pair.
    private static func endsInOneOfPair(_ terms: [String]) -> Bool {
        guard let last = terms.last, let run = Tokenizer.runs(of: last).first else { return false }
        return run.isBigram && run.scalars.count == 1
    }

    /// Whether a text matches: what an index answers, said by the text itself.
    public func matches(_ text: String) -> Bool {
        let terms = Tokenizer.terms(of: text)
        return clauses.allSatisfy { $0.firstMatch(in: terms) != nil }
    }
}

extension SearchQuery.Clause {
    /// Where the clause first matches in a text's terms.
    func firstMatch(in candidates: [String]) -> Int? {
        guard candidates.count >= terms.count else { return nil }
        return (0...(candidates.count - terms.count)).first { start in
            for (offset, term) in terms.enumerated() {
                let candidate = candidates[start + offset]
                let isPrefixTerm = isPrefix && offset == terms.count - 1
                // Byte by byte, as an index does: String's own comparison goes by grapheme, and would not find the
                // beginning of a word that ends before a vowel sign.
                let isMatch =
                    isPrefixTerm ? candidate.utf8.starts(with: term.utf8) : candidate.utf8.elementsEqual(term.utf8)
                guard isMatch else { return false }
            }
            return true
        }
    }
}
