import LibPQ
import Testing

extension LibPQFaultTests {
    struct ServerFaultTests {
        private func server() throws -> ThrowawayPostgres { try #require(ThrowawayPostgres.shared) }

        @Test func `a server that hangs costs a statement its time and nobody more, and is used again when it goes on`()
            async throws
        {
            let server = try server()
            try await withPool(.hasty(server.url, statementTimeout: .milliseconds(500))) { pool in
                try await expectRecovery(pool)
                try await server.pause()
                // It is let go on only when it has been given up, so whoever waited for it would wait for ever.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            let kind = try await kindOfFailure { _ = try await pool.query("SELECT 1") }
                            #expect(kind != nil)
                        }
                    }
                    try await group.waitForAll()
                }
                try await untilUnreachable(pool)
                expectIdle(pool, open: 0)
                try await server.resume()
                try await expectRecovery(pool)
            }
        }

        @Test func `what was acknowledged outlives a server that is killed, and the pool finds it again`() async throws
        {
            let server = try server()
            try await withPool(.hasty(server.url, size: 3)) { pool in
                _ = try await pool.query("CREATE TABLE outlived (id int8)")
                let ledger = Ledger()
                let write: @Sendable (Int) async throws -> Void = { number in
                    _ = try await pool.query("INSERT INTO outlived VALUES ($1)", [number])
                }
                try await ledger.write(by: write) {
                    for _ in 0..<3 {
                        await ledger.more(100)
                        try await server.stop()
                        try await untilUnreachable(pool)
                        try await server.start()
                    }
                    await ledger.more(100)
                }
                try await expectRecovery(pool, size: 3)
                try await pool.withConnection { try await ledger.expectKept(in: "outlived", $0) }
                _ = try await pool.query("DROP TABLE outlived")
            }
        }

        @Test func `a storm of terminations loses nothing that was acknowledged, and no connection`() async throws {
            let name = "storm"
            try await withTable("id int8") { observer, table in
                var settings = PostgresPoolSettings.hasty(try server().url, size: 8)
                settings.connection.applicationName = name
                try await withPool(settings) { [settings] pool in
                    let ledger = Ledger()
                    let write: @Sendable (Int) async throws -> Void = { number in
                        try await pool.transaction { connection in
                            _ = try await connection.query("INSERT INTO \(table) VALUES ($1)", [number])
                        }
                    }
                    try await ledger.write(tasks: 16, by: write) {
                        for _ in 0..<30 {
                            await ledger.more(20)
                            _ = try await observer.query(
                                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                                [name]
                            )
                        }
                    }
                    try await expectRecovery(pool, size: settings.size)
                    try await ledger.expectKept(in: table, observer)
                    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
                    while try await observer.query(count, [name]).value(Int.self) != settings.size {}
                }
            }
        }

        @Test func `a server without a free connection is said to be unreachable, and used as soon as it has one`()
            async throws
        {
            let server = try server()
            try await withConnection { _ = try await $0.query("ALTER SYSTEM SET max_connections = 12") }
            try await server.stop()
            try await server.start()
            var taken: [PostgresConnection] = []
            let last = try await failure {
                while true { taken.append(try await PostgresConnection.open(settings())) }
            }
            #expect(last.kind == .unreachable)
            #expect(taken.count == 12)
            try await withPool(.hasty(server.url, size: 4)) { [taken] pool in
                try await untilUnreachable(pool)
                #expect(pool.status.waiting == 0)
                // Room for half of them.
                for connection in taken.prefix(2) { connection.close() }
                while pool.status.open < 2 { await Task.yield() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            let answer = try await pool.query("SELECT $1", [number]).value(Int.self)
                            #expect(answer == number)
                        }
                    }
                    try await group.waitForAll()
                }
                for connection in taken { connection.close() }
                try await expectRecovery(pool, size: 4)
                _ = try await pool.query("ALTER SYSTEM RESET max_connections")
            }
            try await server.stop()
            try await server.start()
        }

        @Test func `a server that takes no writes is left until it takes them, and read from meanwhile`() async throws {
            let server = try server()
            try await withTable("id int8") { operator_, table in
                // Not concerned itself, or it could not undo it.
                _ = try await operator_.query("SET default_transaction_read_only = off")
                let insert = "INSERT INTO \(table) VALUES (1)"
                let reader = PostgresReader(.hasty(server.url))
                async let reading: Void = reader.run()
                try await withPool(.hasty(server.url + "?target_session_attrs=read-write")) { pool in
                    _ = try await pool.query(insert)
                    _ = try await operator_.query("ALTER SYSTEM SET default_transaction_read_only = on")
                    _ = try await operator_.query("SELECT pg_reload_conf()")
                    while try await kindOfFailure({ _ = try await pool.query(insert) }) != .unreachable {}
                    #expect(try await reader.query("SELECT count(*) > 0 FROM \(table)").value(Bool.self))
                    _ = try await operator_.query("ALTER SYSTEM RESET default_transaction_read_only")
                    _ = try await operator_.query("SELECT pg_reload_conf()")
                    while try await kindOfFailure({ _ = try await pool.query(insert) }) != nil {}
                    try await expectRecovery(pool)
                }
                reader.close()
                await reading
            }
        }
    }
}
