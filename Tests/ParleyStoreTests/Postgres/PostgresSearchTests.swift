import LibPQ
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyPostgres

@Suite("PostgreSQL: the search index")
struct PostgresSearchTests {
    @Test("Long words are found whole, by their beginning, and not by what only begins like them")
    func longWords() async throws {
        try await withPostgres { _, t, _ in
            let word = String(repeating: "ż", count: 40) + "tail"
            try await t.conversation(holding: [word, String(repeating: "ż", count: 40) + "other", "ż"])
            let folded = String(word.dropLast(4))
            for (query, expected) in [
                (word + " ", 1), (word, 1), (folded, 2), (folded + "t", 1), (String(folded.prefix(3)), 2), ("ż ", 1),
                (folded + " ", 0), ("\"\(word)\"", 1),
            ] {
                #expect(try await t.search(query).count == expected, "\(query)")
            }
        }
    }

    @Test("A text of more terms than the index can hold is stored, and found by those it holds")
    func manyTerms() async throws {
        try await withPostgres { _, t, _ in
            let id = try await t.conversation().id
            let text = (0..<130_000).map { "w\($0)" }.joined(separator: " ")
            _ = try await t.append([.assistant(text)], to: id)
            #expect(try await t.search("w0 w77777 \"w500 w501\" ").count == 1)
            #expect(try await t.search("\"w501 w500\"").isEmpty)
        }
    }

    @Test("All lexemes together stay under what a tsvector can hold")
    func lexemesAreBounded() {
        let text = (0..<200_000).map { "word\($0)" }.joined(separator: " ")
        let entry = SearchEntry(text, in: ProjectID(high: 1, low: 2))
        #expect(entry.lexemes.count > 90_000)
        #expect(entry.lexemes.reduce(0) { $0 + $1.utf8.count } < 1 << 20)
        #expect(entry.lexemes.first == "p:00000000-0000-0001-0000-000000000002")
    }

    @Test("A text in which nothing can be found is no entry")
    func nothingToFind() {
        #expect(SearchEntry.find("?! …", in: ProjectID(high: 1, low: 2)) == nil)
        #expect(SearchEntry.find("a", in: ProjectID(high: 1, low: 2))?.terms == " a ")
    }

    @Test(
        "What the index is asked for is lexemes only, so that nothing in a query is an operator",
        arguments: [
            ("cat dog", "'cat' & 'dog':*"), ("\"cat dog\"", "'cat' & 'dog'"), ("ca* dog ", "'ca':* & 'dog'"),
            ("cat | !dog:* ", "'cat' & 'dog':*"), ("it's a\\b ", "'it' & 's' & 'a' & 'b'"),
        ]
    )
    func candidates(_ query: String, _ expected: String) throws {
        #expect(try #require(SearchQuery(query)).candidates == expected)
    }

    @Test("The index holds the terms of exactly what may be found, whatever happened to a message")
    func coherence() async throws {
        try await withPostgres { store, t, database in
            let (id, messages) = try await t.conversation(holding: ["one fish", "two fish", "?!", "red fish"])
            let answer = try await t.turn("what fish", answer: ["blue ", "fish"], in: id).reply
            try await expectCoherence(entries: 5, in: database)
            let edit = MessageChanges(content: "green fish")
            _ = try await store.editMessage(messages[0].id, in: id, edit, expectedRevision: nil, as: .alice)
            _ = try await store.deleteMessage(messages[1].id, in: id, expectedRevision: nil, as: .alice)
            _ = try await store.setReaction(
                "👍",
                present: true,
                on: messages[3].id,
                in: id,
                expectedRevision: nil,
                as: .alice
            )
            _ = try await store.beginRegeneration(of: answer.id, expectedRevision: nil, as: .alice)
            try await expectCoherence(entries: 3, in: database)
            t.clock.advance(by: .seconds(60))
            _ = try await store.interruptAbandonedReplies()
            let fork = try await store.forkConversation(id, ForkRequest(seq: 4), as: .alice).value
            try await expectCoherence(entries: 5, in: database)
            let target = try await t.sharedProject().id
            let move = ConversationChanges(title: "Old fish", projectID: target)
            _ = try await store.updateConversation(fork.id, move, expectedRevision: nil, as: .alice)
            try await expectCoherence(entries: 5, in: database)
            _ = try await store.deleteConversation(id, expectedRevision: nil, as: .alice)
            try await expectCoherence(entries: 2, in: database)
        }
    }

    /// Compares what the tables hold with what the texts say.
    private func expectCoherence(entries: Int, in database: String) async throws {
        let rows = try await TestDatabases.shared().query(
            """
            SELECT m.content, m.terms, tsvector_to_array(m.lexemes), c.project_id, m.status
            FROM message m JOIN conversation c ON c.id = m.conversation_id
            UNION ALL
            SELECT c.title, c.terms, tsvector_to_array(c.lexemes), c.project_id, 'title' FROM conversation c
            """,
            [],
            in: database
        )
        var found = 0
        for row in rows {
            let stored: PostgresUUID = try row.decode(3)
            let project = ProjectID(high: stored.high, low: stored.low)
            let text: String = try row.decode(0)
            let status: String = try row.decode(4)
            let isTitle = status == "title"
            let entry = isTitle ? SearchEntry(text, in: project) : SearchEntry.find(text, in: project)
            #expect(try row.decode(1, as: String?.self) == entry?.terms)
            #expect(try row.decode(2, as: [String]?.self).map(Set.init) == entry.map { Set($0.lexemes) })
            if !isTitle, entry != nil { found += 1 }
        }
        #expect(found == entries)
    }
}
