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
    private enum Kind {
        case insert(String)
        case replace(String)
        case copy(Int64)
        case remove
    }

    private let index: SearchIndex
    private let key: Int64
    private let kind: Kind

    /// Enters a text that was not in the index before.
    static func insert(_ terms: String, _ key: Int64, into index: SearchIndex) -> Self {
        Self(index: index, key: key, kind: .insert(terms))
    }

    /// Enters a text in place of the one before.
    static func replace(_ terms: String, _ key: Int64, in index: SearchIndex) -> Self {
        Self(index: index, key: key, kind: .replace(terms))
    }

    /// Enters the text of another entry a second time, without cutting it into terms again.
    static func copy(of original: Int64, to key: Int64, in index: SearchIndex) -> Self {
        Self(index: index, key: key, kind: .copy(original))
    }

    /// Takes a text out; one that is not there may be taken out, too.
    static func remove(_ key: Int64, from index: SearchIndex) -> Self {
        Self(index: index, key: key, kind: .remove)
    }

    func apply(in db: Database) throws {
        let table = index.rawValue
        switch kind {
        case .insert(let terms):
            try insert(terms, in: db)
        case .replace(let terms):
            try db.run("DELETE FROM \(table) WHERE rowid = ?", [key])
            try insert(terms, in: db)
        case .copy(let original):
            try db.run(
                "INSERT INTO \(table) (rowid, terms) SELECT ?, terms FROM \(table) WHERE rowid = ?",
                [key, original]
            )
        case .remove:
            try db.run("DELETE FROM \(table) WHERE rowid = ?", [key])
        }
    }

    private func insert(_ terms: String, in db: Database) throws {
        if terms.isEmpty { return }
        try db.run("INSERT INTO \(index.rawValue) (rowid, terms) VALUES (?, ?)", [key, terms])
    }
}
