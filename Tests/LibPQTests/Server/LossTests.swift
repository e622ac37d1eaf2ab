import LibPQ
import Testing

extension LibPQServerTests {
    struct LossTests {
        @Test func `a statement whose connection is cut is lost, and so is the connection`() async throws {
            try await withConnection { observer in
                try await withConnection { connection in
                    async let lost = failure { _ = try await connection.query("SELECT pg_sleep(60)") }
                    try await untilWaiting(connection.processID, observer)
                    // Sent behind it, and never executed.
                    async let behind = failure {
                        while true { _ = try await connection.query("SELECT pg_sleep(60)") }
                    }
                    _ = try await observer.query("SELECT pg_terminate_backend($1)", [connection.processID])
                    let error = try await lost
                    #expect(error.kind == .connectionLost)
                    #expect(error.sqlState == .adminShutdown)
                    #expect(error.isConnectionLost)
                    #expect(try await behind.isConnectionLost)
                    _ = await connection.ended()
                    #expect(!connection.isOpen)
                    let late = try await failure { _ = try await connection.query("SELECT 1") }
                    #expect(late.kind == .unreachable)
                    #expect(late.isConnectionLost)
                }
            }
        }

        @Test func `an idle connection that is cut is noticed`() async throws {
            try await withConnection { observer in
                try await withConnection { connection in
                    _ = try await observer.query("SELECT pg_terminate_backend($1)", [connection.processID])
                    #expect(await connection.ended().kind == .connectionLost)
                    #expect(!connection.isOpen)
                }
            }
        }

        @Test func `closing answers what was asked before, and nothing after`() async throws {
            let connection = try await PostgresConnection.open(settings())
            try await withConnection { observer in
                _ = try await observer.query("SELECT pg_advisory_lock(8015)")
                async let last = connection.query("SELECT 5, pg_advisory_xact_lock(8015)")
                try await untilWaiting(connection.processID, observer)
                connection.close()
                _ = try await observer.query("SELECT pg_advisory_unlock(8015)")
                #expect(try await last[0].decode(0) == 5)
                #expect(await connection.ended().kind == .closed)
                #expect(try await failure { _ = try await connection.query("SELECT 1") }.kind == .closed)
            }
        }

        @Test func `a connection that nobody has any more is closed`() async throws {
            try await withConnection { observer in
                let process = try await { try await PostgresConnection.open(settings()).processID }()
                let sql = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"
                while try await observer.query(sql, [process]).value(Int.self) > 0 {}
            }
        }

        @Test(arguments: [
            "host=127.0.0.1 port=1", "host=/nowhere", "postgres://127.0.0.1:1/x?connect_timeout=2", "no=such option",
            "\0",
        ]) func `what can't be reached is said so`(url: String) async throws {
            let error = try await failure { _ = try await PostgresConnection.open(PostgresSettings(url: url)) }
            #expect(error.kind == (url == "\0" ? .argument : .unreachable))
        }

        @Test func `a server that doesn't take the settings counts as one that isn't there, since nothing was sent`()
            async throws
        {
            var settings = PostgresPoolSettings(try settings())
            settings.connection.parameters["statement_timeout"] = "soon"
            settings.acquireTimeout = .seconds(240)
            try await withPool(settings) { pool in
                let error = try await failure { _ = try await pool.query("SELECT 1") }
                #expect(error.kind == .unreachable)
                #expect(error.sqlState == SQLState(rawValue: "22023"), "but why is told")
            }
        }

        @Test func `a wrong password is refused and not told`() async throws {
            let right = try settings()
            let parts = right.url.split(separator: "@")
            let wrong = PostgresSettings.patient("postgres://parley:wrong-secret@\(parts[1])")
            let error = try await failure { _ = try await PostgresConnection.open(wrong) }
            #expect(error.kind == .unreachable)
            #expect(!error.message.contains("wrong-secret"))
            #expect(!"\(wrong)".contains("wrong-secret"))
        }

        @Test func `the URL may name several hosts and ask for a checked certificate`() async throws {
            let server = try #require(ThrowawayPostgres.shared)
            let parts = server.url.split(separator: "@")
            let query = "sslmode=verify-full&sslrootcert=\(server.rootCertificate)&channel_binding=require"
            let url = "\(parts[0])@127.0.0.1:1,\(parts[1])?\(query)&target_session_attrs=read-write"
            try await withConnection(.patient(url)) { connection in
                #expect(connection.usesTLS)
                try await expectAlive(connection)
            }
        }

        @Test func `a server that takes no writes is left, so that the one that does is found`() async throws {
            try await withConnection { connection in
                _ = try await connection.query("SET default_transaction_read_only = on")
                let error = try await failure { _ = try await connection.query("CREATE TABLE never (id int8)") }
                #expect(error.sqlState == .readOnlySQLTransaction)
                #expect(await connection.ended().kind == .connectionLost)
            }
        }
    }
}
