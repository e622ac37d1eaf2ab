import LibPQ
import Synchronization
import Testing

extension LibPQServerTests {
    struct TransactionTests {
        private struct Changed: Error {}

        @Test func `a transaction is kept when its body returns and taken back when it throws`() async throws {
            try await withTable("id int8") { connection, table in
                let value = try await connection.transaction { transaction in
                    _ = try await transaction.query("INSERT INTO \(table) VALUES (1)")
                    #expect(transaction.isInTransaction)
                    return 7
                }
                #expect(value == 7)
                await #expect(throws: Changed.self) {
                    try await connection.transaction { transaction in
                        _ = try await transaction.query("INSERT INTO \(table) VALUES (2)")
                        throw Changed()
                    }
                }
                #expect(!connection.isInTransaction)
                #expect(try await connection.query("SELECT id FROM \(table)").value(Int.self) == 1)
            }
        }

        @Test func `a transaction that ignored an error isn't called committed`() async throws {
            try await withTable("id int8") { connection, table in
                let error = try await failure {
                    try await connection.transaction { transaction in
                        _ = try await transaction.query("INSERT INTO \(table) VALUES (1)")
                        _ = try? await transaction.query("SELECT 1 / 0")
                    }
                }
                #expect(error.sqlState == .inFailedSQLTransaction)
                #expect(try await connection.query("SELECT count(*) FROM \(table)").value(Int.self) == 0)
            }
        }

        @Test func `a cancelled transaction is taken back`() async throws {
            try await withTable("id int8") { connection, table in
                try await withConnection { observer in
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask {
                            _ = await #expect(throws: PostgresError.self) {
                                try await connection.transaction { transaction in
                                    _ = try await transaction.query("INSERT INTO \(table) VALUES (1)")
                                    _ = try await transaction.query("SELECT pg_sleep(60)")
                                }
                            }
                        }
                        group.addTask {
                            do {
                                try await untilWaiting(connection.processID, observer)
                            } catch {
                                Issue.record(error)
                            }
                        }
                        await group.next()
                        group.cancelAll()
                    }
                    #expect(!connection.isInTransaction)
                    let present = try await connection.query("SELECT count(*) FROM \(table)").value(Int.self)
                    #expect(present == 0)
                }
            }
        }

        @Test func `two that wait for each other in a circle both succeed`() async throws {
            try await withTable("id int8 PRIMARY KEY, n int8") { connection, table in
                _ = try await connection.query("INSERT INTO \(table) VALUES (1, 0), (2, 0)")
                let meeting = Meeting(of: 2)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for order in [[1, 2], [2, 1]] {
                        group.addTask {
                            try await withConnection { writer in
                                try await writer.transaction { transaction in
                                    let update = "UPDATE \(table) SET n = n + 1 WHERE id = $1"
                                    _ = try await transaction.query(update, [order[0]])
                                    // Each has one row by now; from the second attempt on nobody waits here.
                                    await meeting.wait()
                                    _ = try await transaction.query(update, [order[1]])
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(meeting.arrivals > 2)
                #expect(try await connection.query("SELECT sum(n)::int8 FROM \(table)").value(Int.self) == 4)
            }
        }

        @Test func `what can't be put in an order is done anew`() async throws {
            try await withTable("n int8") { connection, table in
                _ = try await connection.query("INSERT INTO \(table) VALUES (0)")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            try await withConnection { writer in
                                for _ in 0..<10 {
                                    try await writer.transaction(.serializable, retry: PostgresRetry(attempts: 1000)) {
                                        let n = try await $0.query("SELECT n FROM \(table)").value(Int.self)
                                        _ = try await $0.query("UPDATE \(table) SET n = $1", [n + 1])
                                    }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await connection.query("SELECT n FROM \(table)").value(Int.self) == 40)
            }
        }

        @Test func `it isn't done anew for ever`() async throws {
            try await withConnection { connection in
                var attempts = 0
                let error = try await failure {
                    try await connection.transaction(retry: PostgresRetry(attempts: 3)) { _ in
                        attempts += 1
                        throw PostgresError(.refused, "", sqlState: .serializationFailure)
                    }
                }
                #expect(error.sqlState == .serializationFailure)
                #expect(attempts == 3)
            }
        }
    }
}

/// A place where so many wait for each other once; who comes later passes.
private final class Meeting: Sendable {
    private let state: Mutex<(missing: Int, waiting: [CheckedContinuation<Void, Never>])>

    private let count: Int

    init(of count: Int) {
        self.count = count
        state = Mutex((count, []))
    }

    /// How often somebody has come.
    var arrivals: Int { state.withLock { count - $0.missing } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let leaving = state.withLock { state in
                state.missing -= 1
                state.waiting.append(continuation)
                guard state.missing <= 0 else { return [CheckedContinuation<Void, Never>]() }
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in leaving { continuation.resume() }
        }
    }
}
