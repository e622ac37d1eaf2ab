import LibPQ
import Logging
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyPostgres

@Suite("PostgreSQL: faults")
struct PostgresFaultTests {
    @Test(
        "Where connections are lost again and again, what is repeated until it is acknowledged is there once, in order"
    )
    func lostConnections() async throws {
        try await withPostgres { store, t, database in
            let conversation = try await t.conversation().id
            let ids: [MessageID] = (0..<60).map { _ in t.id() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for id in ids {
                        try await acknowledged { try await t.append([.user("x", id: id)], to: conversation) }
                    }
                }
                for _ in 0..<8 {
                    _ = try await TestDatabases.shared().query(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                        """,
                        [],
                        in: database
                    )
                    try await acknowledged { try await store.conversation(conversation, newestMessages: 1, as: .alice) }
                }
                try await group.waitForAll()
            }
            #expect(try await t.log(conversation).map(\.id) == ids)
        }
    }

    @Test("What has passed no rule and holds U+0000 is refused, or kept without it")
    func nul() async throws {
        try await withPostgres { store, t, _ in
            await expectError(.invalidRequest) { try await t.conversation(title: "a\0b") }
            let lease = try await t.begin("hello").value.requireLease()
            let error = await expectError(.invalidRequest) {
                try await store.appendPieces(["a\0b"], at: 0, under: lease)
            }
            #expect(error?.parameter == "pieces")
            let entry = QueryLogEntry(
                time: Timestamp(microseconds: 1),
                email: .person("alice"),
                department: "a\0",
                sessionID: "b\0",
                conversationID: lease.conversationID,
                messageID: lease.messageID,
                model: "c\0",
                latencyMilliseconds: 1,
                firstTokenMilliseconds: nil,
                tokensUsed: nil,
                status: .delivered
            )
            try await store.record(entry)
            let kept = try await store.entries(since: entry.time, limit: 10)
            #expect(kept.map(\.sessionID) == ["b\u{FFFD}"])
        }
    }

    @Test("A server that is not there, and a store that was closed, are unavailable")
    func unavailable() async throws {
        let nowhere = PostgresStoreSettings(url: "postgres://parley@127.0.0.1:1/none?sslmode=disable")
        await expectError(.unavailable) { try await PostgresStore.open(nowhere, logger: .quiet) }
        try await withPostgres { store, t, _ in
            let id = try await t.conversation().id
            store.close()
            await expectError(.unavailable) { try await t.say(["too late"], in: id) }
            await expectError(.unavailable) { try await store.check() }
        }
    }

    @Test("A connection that is idle within a transaction is ended by the server, and its locks with it")
    func idleTransactions() throws {
        var settings = PostgresStoreSettings(url: "postgres://nowhere")
        settings.statementTimeout = .seconds(5)
        #expect(settings.connection.parameters["idle_in_transaction_session_timeout"] == "15s")
    }
}

/// Repeats a call as long as the store can't be reached.
private func acknowledged<Value>(_ call: () async throws -> Value) async throws {
    while true {
        do {
            _ = try await call()
            return
        } catch let error as ParleyError where error.code == .unavailable {
            await Task.yield()
        }
    }
}
