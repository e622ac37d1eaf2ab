import LibPQ
import ParleyTesting
import Testing

extension LibPQServerTests {
    struct PoolTests {
        private func settings(size: Int) throws -> PostgresPoolSettings {
            var settings = PostgresPoolSettings(try LibPQTests.settings())
            settings.size = size
            settings.acquireTimeout = .seconds(60)
            return settings
        }

        @Test func `each borrower has a connection for itself`() async throws {
            try await withPool(settings(size: 3)) { pool in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<100 {
                        group.addTask {
                            try await pool.transaction { transaction in
                                _ = try await transaction.query("SELECT set_config('test.n', $1, true)", ["\(number)"])
                                let seen = try await transaction.query("SELECT current_setting('test.n')")
                                #expect(try seen.value(String.self) == "\(number)")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(pool.status.lent == 0)
                #expect(pool.status.waiting == 0)
            }
        }

        @Test func `who finds all lent waits, and not for ever`() async throws {
            let clock = TestClock()
            var settings = try settings(size: 1)
            settings.connection.time = PostgresTime(clock)
            settings.acquireTimeout = .seconds(1)
            settings.waitingLimit = 1
            try await withPool(settings) { pool in
                try await pool.withConnection { connection in
                    async let late = failure { _ = try await pool.query("SELECT 1") }
                    await clock.sleepers(atLeast: 1)
                    while pool.status.waiting == 0 { await Task.yield() }
                    #expect(try await failure { _ = try await pool.query("SELECT 1") }.kind == .exhausted)
                    #expect(pool.status.waiting == 1, "the one that is one too many isn't kept")
                    clock.advance(by: .seconds(1))
                    #expect(try await late.kind == .exhausted)
                    try await expectAlive(connection)
                }
                #expect(try await pool.query("SELECT 1").value(Int.self) == 1)
                #expect(pool.status.waiting == 0)
            }
        }

        @Test func `a server that isn't there is tried again after a wait, and nobody waits meanwhile`() async throws {
            let clock = TestClock()
            var settings = PostgresPoolSettings(PostgresSettings(url: "host=127.0.0.1 port=1"))
            settings.connection.time = PostgresTime(clock)
            settings.size = 2
            try await withPool(settings) { pool in
                for _ in 0..<5 {
                    await clock.sleepers(atLeast: 2)
                    let error = try await failure { _ = try await pool.query("SELECT 1") }
                    #expect(error.kind == .unreachable)
                    clock.advance(by: settings.backoff.limit)
                }
            }
        }

        @Test func `a waiting task that is cancelled leaves the queue`() async throws {
            try await withPool(settings(size: 1)) { pool in
                try await pool.withConnection { _ in
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask {
                            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
                            #expect(error?.kind == .cancelled)
                        }
                        while pool.status.waiting == 0 { await Task.yield() }
                        group.cancelAll()
                    }
                    #expect(pool.status.waiting == 0)
                }
                #expect(try await pool.query("SELECT 1").value(Int.self) == 1)
            }
        }

        @Test func `a connection that comes back with an open transaction is thrown away`() async throws {
            try await withPool(settings(size: 1)) { pool in
                let first = try await pool.withConnection { connection in
                    _ = try await connection.query("BEGIN")
                    return connection.processID
                }
                let second = try await pool.withConnection { connection in
                    #expect(!connection.isInTransaction)
                    return connection.processID
                }
                #expect(first != second)
            }
        }

        @Test func `connections that are cut are replaced`() async throws {
            try await withPool(settings(size: 4)) { pool in
                try await withConnection { observer in
                    for _ in 0..<5 {
                        let process = try await pool.withConnection { $0.processID }
                        _ = try await observer.query("SELECT pg_terminate_backend($1)", [process])
                        // The one that was cut may be lent before anyone can know; it fails that one borrower only.
                        let sql = "SELECT pg_backend_pid()"
                        let rows = try? await pool.query(sql)
                        if rows == nil { _ = try await pool.query(sql) }
                    }
                    while pool.status.open < 4 { await Task.yield() }
                }
            }
        }

        @Test func `closing waits for what is lent`() async throws {
            let pool = PostgresPool(try settings(size: 2))
            async let running: Void = pool.run()
            try await pool.withConnection { connection in
                pool.close()
                #expect(try await failure { _ = try await pool.query("SELECT 1") }.kind == .closed)
                try await expectAlive(connection)
            }
            await running
            #expect(pool.status.open == 0)
        }

        @Test func `a pool whose task is cancelled ends`() async throws {
            let settings = try settings(size: 2)
            await withTaskGroup(of: Void.self) { group in
                let pool = PostgresPool(settings)
                group.addTask { await pool.run() }
                while pool.status.open == 0 { await Task.yield() }
                group.cancelAll()
            }
        }

        @Test func `readers share connections and ask again where one is cut`() async throws {
            let reader = PostgresReader(try settings(size: 2))
            async let running: Void = reader.run()
            try await withConnection { observer in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<500 {
                        group.addTask {
                            let rows = try await reader.query("SELECT $1, pg_backend_pid()", [number])
                            #expect(try rows[0].decode(0) == number)
                            guard number == 250 else { return }
                            _ = try await observer.query(
                                "SELECT pg_terminate_backend($1)",
                                [rows[0].decode(1, as: Int32.self)]
                            )
                        }
                    }
                    try await group.waitForAll()
                }
            }
            reader.close()
            await running
        }

        @Test func `a server that stops is not waited for, and found again when it is back`() async throws {
            try await ThrowawayPostgres.with { server in
                var settings = PostgresPoolSettings(.patient(server.url))
                settings.size = 2
                settings.acquireTimeout = .seconds(60)
                try await withPool(settings) { pool in
                    _ = try await pool.query("CREATE TABLE kept (id int8)")
                    _ = try await pool.query("INSERT INTO kept VALUES (1)")
                    try await server.stop()
                    // Refused, and long before a minute is over: nobody waits once connecting has failed.
                    let error = try await failure {
                        while true { _ = try await pool.query("SELECT 1") }
                    }
                    #expect(error.isConnectionLost)
                    while try await failure({ _ = try await pool.query("SELECT 1") }).kind != .unreachable {}
                    #expect(pool.status.waiting == 0)
                    try await server.start()
                    while pool.status.open < 2 { await Task.yield() }
                    #expect(try await pool.query("SELECT id FROM kept").value(Int.self) == 1)
                }
            }
        }
    }
}
