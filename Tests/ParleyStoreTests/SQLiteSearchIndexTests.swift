import GRDB
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleySQLite

@Suite("SQLite's search index")
struct SQLiteSearchIndexTests {
    @Test("The index holds the terms of exactly what may be found, whatever happened to a message")
    func coherence() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let (id, messages) = try await ground.conversation(holding: ["one fish", "two fish", "?!", "red fish"])
                let answer = try await ground.turn("what fish", answer: ["blue ", "fish"], in: id).reply
                try await expectCoherence(of: store, entries: 5)
                let edit = MessageChanges(content: "green fish")
                _ = try await store.editMessage(messages[0].id, in: id, edit, expectedRevision: nil, as: .alice)
                _ = try await store.deleteMessage(messages[1].id, in: id, expectedRevision: nil, as: .alice)
                _ = try await store.beginRegeneration(of: answer.id, expectedRevision: nil, as: .alice)
                try await expectCoherence(of: store, entries: 3)
                ground.clock.advance(by: .seconds(60))
                _ = try await store.interruptAbandonedReplies()
                let fork = try await store.forkConversation(id, ForkRequest(seq: 4), as: .alice).value
                try await expectCoherence(of: store, entries: 5)
                _ = try await store.deleteConversation(id, expectedRevision: nil, as: .alice)
                try await expectCoherence(of: store, entries: 2)
                // What is inserted and deleted in one transaction may use the same row.
                let texts = try await store.together(8) { index in
                    if index == 4 {
                        _ = try await store.deleteConversation(fork.id, expectedRevision: nil, as: .alice)
                    } else {
                        _ = try await ground.begin("new fish \(index)")
                    }
                    return index
                }
                #expect(texts.count == 8)
                try await expectCoherence(of: store, entries: 7)
            }
        }
    }

    @Test(
        "A pattern is made of strings only, so that nothing in a query is an operator",
        arguments: [
            ("cat dog", "\"cat\" AND \"dog\" *"), ("\"cat dog\"", "\"cat dog\""), ("ca* dog ", "\"ca\" * AND \"dog\""),
            ("cat OR dog ", "\"cat\" AND \"or\" AND \"dog\""), ("terms:cat -dog^ ", "\"terms cat\" AND \"dog\""),
        ]
    )
    func patterns(_ query: String, _ pattern: String) throws {
        #expect(SearchIndex.pattern(of: try #require(SearchQuery(query))) == pattern)
    }

    private func expectCoherence(of store: SQLiteStore, entries: Int) async throws {
        let (expected, indexed) = try await store.pool.read { db in
            let texts = try Row.fetchAll(
                db,
                sql: "SELECT key, content FROM message WHERE status NOT IN ('streaming', 'deleted') ORDER BY key"
            )
            let terms = try Row.fetchAll(db, sql: "SELECT rowid, terms FROM message_terms ORDER BY rowid")
            return (
                texts.map { "\($0[0] as Int64) \(SearchIndex.terms(of: $0[1]))" }.filter { !$0.hasSuffix(" ") },
                terms.map { "\($0[0] as Int64) \($0[1] as String)" }
            )
        }
        #expect(indexed == expected)
        #expect(indexed.count == entries)
        try await store.pool.write { db in
            // Throws where an index is not what its contents make it.
            for index in [SearchIndex.messages, .titles] {
                try db.execute(sql: "INSERT INTO \(index.rawValue) (\(index.rawValue)) VALUES ('integrity-check')")
            }
        }
        let titles = try await store.pool.read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM conversation c FULL JOIN conversation_terms t ON t.rowid = c.key
                    WHERE c.key IS NULL OR t.rowid IS NULL
                    """
            )
        }
        #expect(titles == 0)
    }
}
