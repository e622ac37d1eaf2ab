internal import GRDB
internal import ParleyCore

/// The full-text indices.
enum SearchIndex: String {
    case messages = "message_terms"
    case titles = "conversation_terms"

    /// A text as the index keeps it.
    static func terms(of text: String) -> String {
        Tokenizer.terms(of: text).joined(separator: " ")
    }

    /// A query in FTS5's language: strings, so that nothing in them is read as an operator.
    static func pattern(of query: SearchQuery) -> String {
        query.clauses
            .map { clause in
                let phrase = clause.terms.joined(separator: " ").replacing("\"", with: "\"\"")
                return "\"\(phrase)\"" + (clause.isPrefix ? " *" : "")
            }
            .joined(separator: " AND ")
    }
}

/// A change to an entry of an index.
struct IndexChange {
    private let index: SearchIndex
    private let key: Int64
    private let terms: String
    private let isNew: Bool

    /// Enters a text that was not in the index before.
    static func insert(_ terms: String, _ key: Int64, into index: SearchIndex) -> Self {
        Self(index: index, key: key, terms: terms, isNew: true)
    }

    /// Enters a text in place of the one before.
    static func replace(_ terms: String, _ key: Int64, in index: SearchIndex) -> Self {
        Self(index: index, key: key, terms: terms, isNew: false)
    }

    /// Takes a text out; one that is not there may be taken out, too.
    static func remove(_ key: Int64, from index: SearchIndex) -> Self {
        Self(index: index, key: key, terms: "", isNew: false)
    }

    func apply(in db: Database) throws {
        if !isNew { try db.run("DELETE FROM \(index.rawValue) WHERE rowid = ?", [key]) }
        if !terms.isEmpty { try db.run("INSERT INTO \(index.rawValue) (rowid, terms) VALUES (?, ?)", [key, terms]) }
    }
}
