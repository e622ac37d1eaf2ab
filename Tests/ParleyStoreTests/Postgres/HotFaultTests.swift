import LibPQ
import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyPostgres

@Suite("PostgreSQL's batches when the server is killed")
struct HotFaultTests {
    /// The ids that callers were told are stored.
    private final class Acknowledged: Sendable {
        private let state = Mutex([ConversationID: Set<MessageID>]())
        let progress = AsyncStream<Void>.makeStream()

        var all: [ConversationID: Set<MessageID>] { state.withLock { $0 } }

        func add(_ id: MessageID, to log: ConversationID) {
            state.withLock { _ = $0[log, default: []].insert(id) }
            progress.continuation.yield()
        }

        /// Waits for so many more.
        func more(_ count: Int) async {
            var left = count
            for await _ in progress.stream {
                left -= 1
                if left == 0 { return }
            }
        }
    }

    @Test("What was acknowledged is there, and what was sent again is there once")
    func kill() async throws {
        try await OwnPostgres.with { server in
            let database = try await server.makeDatabase()
            try await server.withStores(2, on: database) { stores in
                let logs = try await HotAppendTests.conversations(5, in: stores[0])
                let acknowledged = Acknowledged()
                let ids = UUIDv7Maker()
                try await withThrowingTaskGroup { group in
                    for caller in 0..<32 {
                        group.addTask {
                            for round in 0..<40 {
                                let log = logs[(caller + round) % logs.count]
                                let id: MessageID = ids.make()
                                let message = NewMessage.user("\(caller) \(round)", id: id)
                                try await Self.persist {
                                    try await stores[caller % 2].appendMessages(
                                        [message],
                                        to: log,
                                        expectedRevision: nil,
                                        as: .alice
                                    )
                                }
                                acknowledged.add(id, to: log)
                            }
                        }
                    }
                    group.addTask {
                        for kill in 1...2 {
                            await acknowledged.more(300)
                            let before = acknowledged.all
                            try await server.stop()
                            try await server.start()
                            try await Self.expect(before, in: database, of: server, "after kill \(kill)")
                        }
                    }
                    try await group.waitForAll()
                }
                let all = acknowledged.all
                #expect(all.values.reduce(0) { $0 + $1.count } == 32 * 40)
                try await Self.expect(all, in: database, of: server, "at the end", isAll: true)
            }
        }
    }

    /// Does something until it is acknowledged.
    private static func persist(_ body: () async throws -> Commit<[Message]>) async throws {
        while true {
            do {
                _ = try await body()
                return
            } catch let error as ParleyError where error.code == .unavailable {
                await Task.yield()
            }
        }
    }

    private static func expect(
        _ logs: [ConversationID: Set<MessageID>],
        in database: String,
        of server: OwnPostgres,
        _ when: Comment,
        isAll: Bool = false
    ) async throws {
        try await server.withConnection(to: database) { connection in
            for (log, ids) in logs {
                let rows = try await connection.query(
                    """
                    SELECT m.id, m.seq, c.message_count FROM message m JOIN conversation c ON c.id = m.conversation_id
                    WHERE m.conversation_id = $1 ORDER BY m.seq
                    """,
                    [log.stored]
                )
                let stored = try rows.map { MessageID(stored: try $0.decode(0)) }
                let found = Set(stored.compactMap(\.self))
                #expect(found.count == stored.count, "twice, \(when)")
                #expect(found.isSuperset(of: ids), when)
                if isAll { #expect(found == ids, when) }
                #expect(try rows.map { try $0.decode(1, as: Int.self) } == Array(1...max(1, stored.count)), when)
                #expect(try rows.first?.decode(2, as: Int.self) == stored.count, when)
            }
        }
    }
}
