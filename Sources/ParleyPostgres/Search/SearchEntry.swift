internal import ParleyCore

/// What the index holds of a text: its terms, in order for phrases and cut short for the index.
struct SearchEntry {
    /// The terms with a space before, between and behind, so that a phrase is a part of it.
    let terms: String
    /// The terms as the index keeps them, each once, and the project: one index finds both.
    let lexemes: [String]

    /// How long a lexeme of a term may be in bytes.
    ///
    /// What begins alike is one lexeme then; a candidate is looked at again by ``terms``.
    static let lexemeBytes = 64
    /// How long all of a text's lexemes may be in bytes: a `tsvector` can't say a place beyond 1 MiB.
    static let allLexemesBytes = 1_000_000

    /// Cuts a text into terms.
    init(_ text: String, in project: ProjectID) {
        let all = Tokenizer.terms(of: text)
        terms = " " + all.joined(separator: " ") + " "
        lexemes = [Self.lexeme(of: project)] + Self.lexemes(of: all)
    }

    /// Terms as the index keeps them, each once, as many as it can hold.
    static func lexemes(of terms: [String]) -> [String] {
        var distinct = Set<[UInt8]>()
        var lexemes: [String] = []
        var room = allLexemesBytes
        for term in terms {
            let lexeme = lexeme(of: term)
            // By bytes: to `String`, terms that differ in more than accents can be one.
            guard distinct.insert(Array(lexeme.utf8)).inserted else { continue }
            room -= lexeme.utf8.count
            if room < 0 { break }
            lexemes.append(lexeme)
        }
        return lexemes
    }

    /// What the index holds of a text in which there is something to find; else `nil`.
    static func find(_ text: String, in project: ProjectID) -> SearchEntry? {
        let entry = SearchEntry(text, in: project)
        return entry.isEmpty ? nil : entry
    }

    /// Whether there is nothing to find.
    private var isEmpty: Bool { lexemes.count == 1 }

    /// What stands for a project: no term holds a colon.
    static func lexeme(of project: ProjectID) -> String { "p:\(project)" }

    static func lexeme(of term: String) -> String { term.prefix(utf8Bytes: lexemeBytes) }
}

extension SearchQuery {
    /// What the index is asked for, as a `tsquery` without the projects: a candidate holds all the terms.
    var candidates: String {
        clauses.flatMap { clause in
            clause.terms.enumerated().map { index, term in
                let isPrefix = clause.isPrefix && index == clause.terms.count - 1
                return Self.quoted(SearchEntry.lexeme(of: term)) + (isPrefix ? ":*" : "")
            }
        }
        .joined(separator: " & ")
    }

    /// What a candidate's terms must hold, each of them.
    var phrases: [String] {
        clauses.map { " " + $0.terms.joined(separator: " ") + ($0.isPrefix ? "" : " ") }
    }

    /// A lexeme as `tsquery` writes it: nothing in it is read as an operator.
    private static func quoted(_ lexeme: String) -> String {
        "'" + lexeme.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
    }

    /// A condition in SQL, of an entry with `terms` and `lexemes`.
    ///
    /// - Parameters:
    ///   - entry: The alias of the row.
    ///   - first: The place of ``arguments`` among the statement's, whose own first two are an e-mail address and a project
    ///     or NULL.
    /// - Returns: The condition.
    static func condition(of entry: String, first: Int) -> String {
        """
        \(entry).lexemes @@ (
            SELECT ('(' || string_agg('''p:' || i.project_id || '''', '|') || ')&' || $\(first)::text)::tsquery
            FROM project_member i WHERE i.email = $1 AND ($2::uuid IS NULL OR i.project_id = $2)
        )
        AND (SELECT bool_and(strpos(\(entry).terms, t) > 0) FROM unnest($\(first + 1)::text[]) t)
        """
    }

    /// The arguments of ``condition(of:first:)``.
    var arguments: Arguments { Arguments([.value(candidates), .column(phrases)]) }
}
