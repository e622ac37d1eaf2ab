import LibPQ
import ParleyCore
import ParleyPostgres
import ParleyStore
import ParleyTesting
import Testing

/// What a request asks of PostgreSQL, counted by PostgreSQL.
@Suite("Statements of a request")
struct PostgresStatementCountTests {
    private static let callers = 256

    @Test("An append is one statement at most, a hot read a share of one check, a list or a page one")
    func statements() async throws {
        try await OwnPostgres.with { server in
            // It counts from the server's start on only.
            try await server.execute(["ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'"])
            try await server.stop()
            try await server.start()
            try await server.execute(["CREATE EXTENSION pg_stat_statements"])
            let database = try await server.makeDatabase()
            try await server.withStores(1, on: database) { stores in
                let store = CachedStore(stores[0], cache: MemoryLogCache(limit: 15))
                let log = try await Self.log(in: store)
                let counter = StatementCounter(server: server, database: database)
                try await appends(to: log, store, counter)
                try await hotReads(of: log, store, counter)
                try await others(log, store, counter)
            }
        }
    }

    private func appends(to log: ConversationID, _ store: CachedStore, _ counter: StatementCounter) async throws {
        let alone = try await counter.count { try await Self.append(to: log, store) }
        #expect(alone.total == 1, "\(alone)")
        let together = try await counter.count { try await Self.together { try await Self.append(to: log, store) } }
        #expect(1..<Self.callers / 4 ~= together.total, "\(together)")
    }

    private func hotReads(of log: ConversationID, _ store: CachedStore, _ counter: StatementCounter) async throws {
        // Makes the copy, where the appends have left none.
        try await Self.read(log, store)
        let alone = try await counter.count { try await Self.read(log, store) }
        #expect(alone.total == 1, "\(alone)")
        #expect(alone.ofMessages == 0, "\(alone)")
        let together = try await counter.count { try await Self.together { try await Self.read(log, store) } }
        #expect(1..<Self.callers / 4 ~= together.total, "\(together)")
        #expect(together.ofMessages == 0, "\(together)")
    }

    private func others(_ log: ConversationID, _ store: CachedStore, _ counter: StatementCounter) async throws {
        let list = try await counter.count {
            _ = try await store.conversations(ConversationFilter(), page: PageRequest(limit: 50), as: .alice)
        }
        #expect(list.total == 1, "\(list)")
        // The first one may learn that the log is longer than the cache.
        _ = try await store.encodedNewestMessages(in: log, limit: 50, as: .alice)
        let page = try await counter.count {
            _ = try await store.encodedNewestMessages(in: log, limit: 50, as: .alice)
        }
        #expect(page.total == 1, "\(page)")
        _ = try await store.runningReply(in: log, as: .alice)
        let running = try await counter.count { _ = try await store.runningReply(in: log, as: .alice) }
        #expect(running.total == 1, "\(running)")
    }

    /// A log that is longer than the cache, after a first append and read: what the first calls prepare isn't counted.
    private static func log(in store: CachedStore) async throws -> ConversationID {
        let log = try await store.createConversation(NewConversation(), as: .alice).value.id
        for _ in 0..<20 { try await append(to: log, store) }
        return log
    }

    private static func append(to log: ConversationID, _ store: CachedStore) async throws {
        _ = try await store.appendMessages([.user("Hello")], to: log, expectedRevision: nil, as: .alice)
    }

    private static func read(_ log: ConversationID, _ store: CachedStore) async throws {
        let page = try await store.encodedNewestMessages(in: log, limit: 15, as: .alice)
        #expect(page.hasMore)
    }

    private static func together(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<callers { group.addTask { try await body() } }
            try await group.waitForAll()
        }
    }
}

/// Counts the statements that clients have sent to a database.
private struct StatementCounter {
    struct Count {
        let total: Int
        /// Of those that look at messages.
        let ofMessages: Int
    }

    let server: OwnPostgres
    let database: String

    func count(_ body: () async throws -> Void) async throws -> Count {
        let before = try await now()
        try await body()
        let after = try await now()
        return Count(total: after.total - before.total, ofMessages: after.ofMessages - before.ofMessages)
    }

    private func now() async throws -> Count {
        // Asked in another database, and so not counted.
        try await server.withConnection { connection in
            let rows = try await connection.query(
                """
                SELECT coalesce(sum(s.calls), 0)::int8,
                    coalesce(sum(s.calls) FILTER (WHERE s.query ~ '(FROM|INTO|JOIN) message '), 0)::int8
                FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1
                """,
                [database]
            )
            return Count(total: try rows[0].decode(0), ofMessages: try rows[0].decode(1))
        }
    }
}
