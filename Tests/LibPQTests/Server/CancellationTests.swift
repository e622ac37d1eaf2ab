import LibPQ
import Testing

extension LibPQServerTests {
    struct CancellationTests {
        @Test func `a cancelled task's statement ends on the server, and the connection goes on`() async throws {
            try await withConnection { observer in
                try await withConnection { connection in
                    for round in 0..<5 {
                        let error = await withTaskGroup(of: PostgresError?.self) { group in
                            group.addTask { await Self.error { _ = try await connection.query("SELECT pg_sleep(60)") } }
                            group.addTask {
                                await Self.error { try await untilWaiting(connection.processID, observer) }
                            }
                            _ = await group.next()
                            group.cancelAll()
                            return await group.next().flatMap(\.self)
                        }
                        #expect(error?.kind == .cancelled, "\(error?.message ?? "")")
                        #expect(error?.sqlState == .queryCanceled, "it surely had no effect")
                        #expect(error?.isConnectionLost == false)
                        let present = try await connection.query("SELECT $1", [round]).value(Int.self)
                        #expect(present == round)
                    }
                }
            }
        }

        @Test func `those behind a cancelled statement are answered`() async throws {
            try await withConnection { observer in
                try await withConnection { connection in
                    try await withThrowingTaskGroup(of: Int?.self) { group in
                        let sleeper = Task { try await connection.query("SELECT pg_sleep(60)") }
                        try await untilWaiting(connection.processID, observer)
                        for number in 0..<100 {
                            group.addTask { try await connection.query("SELECT $1", [number]).value() }
                        }
                        sleeper.cancel()
                        #expect(try await failure { _ = try await sleeper.value }.kind == .cancelled)
                        let answers = try await group.reduce(into: Set()) { $0.insert($1) }
                        #expect(answers == Set(0..<100))
                    }
                }
            }
        }

        @Test func `a task that is cancelled already has nothing done`() async throws {
            try await withTable("id int8") { connection, table in
                await withTaskGroup(of: Void.self) { group in
                    group.cancelAll()
                    group.addTask {
                        let error = await Self.error {
                            while true { _ = try await connection.query("INSERT INTO \(table) VALUES (1)") }
                        }
                        #expect(error?.kind == .cancelled, "\(error?.message ?? "")")
                    }
                }
                let present = try await connection.query("SELECT count(*) FROM \(table)").value(Int.self)
                #expect(present == 0)
            }
        }

        @Test func `a statement whose time is up ends on the server, and the connection goes on`() async throws {
            try await withConnection { connection in
                var timeout = Duration.milliseconds(20)
                var error: PostgresError
                repeat {
                    error = try await failure {
                        _ = try await connection.query("SELECT pg_sleep(60)", timeout: timeout)
                    }
                    // The connection's thread may not have had its turn by then, and nothing was sent.
                    timeout *= 2
                } while error.kind == .exhausted
                #expect(error.kind == .deadline)
                #expect(error.sqlState == .queryCanceled, "\(error.message)")
                try await expectAlive(connection)
            }
        }

        @Test func `a statement's time runs while it waits for its turn`() async throws {
            try await withConnection { connection in
                async let first = connection.query("SELECT pg_sleep(0.3)")
                let error = try await failure {
                    while true { _ = try await connection.query("SELECT pg_sleep(60)", timeout: .milliseconds(20)) }
                }
                // Sent behind the other, or not yet.
                #expect(error.kind == .deadline || error.kind == .exhausted)
                #expect(try await first.count == 1)
            }
        }

        @Test func `the server ends by itself what nobody waits for`() async throws {
            var settings = try settings()
            settings.parameters["statement_timeout"] = "20"
            try await withConnection(settings) { connection in
                let error = try await failure { _ = try await connection.query("SELECT pg_sleep(60)") }
                #expect(error.kind == .refused)
                #expect(error.sqlState == .queryCanceled)
                // A busy machine may take as long for anything.
                while try await kindOfFailure({ try await expectAlive(connection) }) == .refused {}
            }
        }

        @Test func `many cancellations at any moment leave the connection in step`() async throws {
            try await withConnection { connection in
                for round in 0..<40 {
                    await withTaskGroup(of: Void.self) { group in
                        for number in 0..<20 {
                            group.addTask {
                                do {
                                    let rows = try await connection.query("SELECT $1, pg_sleep(0.001)", [number])
                                    #expect(try rows[0].decode(0) == number)
                                } catch let error as PostgresError {
                                    #expect(error.kind == .cancelled)
                                } catch {
                                    Issue.record(error)
                                }
                            }
                        }
                        for _ in 0..<(round % 10) { await group.next() }
                        group.cancelAll()
                    }
                    let present = try await connection.query("SELECT $1", [round]).value(Int.self)
                    #expect(present == round)
                }
            }
        }

        private static func error(_ body: () async throws -> Void) async -> PostgresError? {
            do {
                try await body()
                return nil
            } catch {
                return error as? PostgresError
            }
        }
    }
}
