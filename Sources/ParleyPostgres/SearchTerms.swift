internal import ParleyCore

/// A text as a batch sends it, for ``SearchEntry``'s columns: the project, which an entry holds too, is found by the
/// statement.
struct SearchTerms: Hashable, Sendable {
    /// The terms with a space before, between and behind; `nil` where there are none, so that nothing finds the text.
    let text: String?
    /// The lexemes with spaces between, where they aren't the terms as they are; repeated ones mean nothing.
    let cutLexemes: String?

    /// Cuts a text into terms.
    init(of content: String) {
        let terms = Tokenizer.terms(of: content)
        guard !terms.isEmpty else {
            text = nil
            cutLexemes = nil
            return
        }
        let text = " " + terms.joined(separator: " ") + " "
        self.text = text
        let isShort =
            text.utf8.count <= SearchEntry.allLexemesBytes
            && terms.allSatisfy { $0.utf8.count <= SearchEntry.lexemeBytes }
        cutLexemes = isShort ? nil : SearchEntry.lexemes(of: terms).joined(separator: " ")
    }
}
