import LibPQ
import Testing

extension LibPQServerTests {
    struct StatementTests {
        @Test func `an error says what it is about`() async throws {
            try await withTable("id int8 PRIMARY KEY, n int8 NOT NULL CONSTRAINT positive CHECK (n > 0)") {
                connection,
                table in
                let insert = "INSERT INTO \(table) VALUES ($1, $2)"
                #expect(try await connection.query(insert, [1, 1]).affectedCount == 1)
                let duplicate = try await failure { _ = try await connection.query(insert, [1, 1]) }
                #expect(duplicate.kind == .refused)
                #expect(duplicate.sqlState == .uniqueViolation)
                #expect(duplicate.constraint == "\(table)_pkey")
                #expect(duplicate.table == table)
                #expect(duplicate.message.contains("duplicate key"))
                #expect(!duplicate.isConnectionLost)
                #expect(!"\(duplicate)".contains("duplicate key"), "a description has no text of the server's")
                let check = try await failure { _ = try await connection.query(insert, [2, 0]) }
                #expect(check.sqlState == .checkViolation)
                #expect(check.constraint == "positive")
                let null = try await failure { _ = try await connection.query(insert, [2, Int?.none]) }
                #expect(null.sqlState == .notNullViolation)
            }
        }

        @Test(arguments: [
            ("SELEC 1", SQLState.syntaxError), ("SELECT * FROM nowhere", .undefinedTable),
            ("SELECT 'x'::uuid", .invalidTextRepresentation), ("SELECT 1; SELECT 2", .syntaxError),
        ]) func `a statement that can't be is refused, and the connection goes on`(sql: String, state: SQLState)
            async throws
        {
            try await withConnection { connection in
                for _ in 0..<3 {
                    let error = try await failure { _ = try await connection.query(sql) }
                    #expect(error.sqlState == state)
                    try await expectAlive(connection)
                }
            }
        }

        @Test func `what libpq can't do in a pipeline is refused and costs no more than the connection`() async throws {
            try await withConnection { connection in
                let error = try await failure { _ = try await connection.query("COPY (SELECT 1) TO STDOUT") }
                #expect(error.isConnectionLost)
                #expect(error.message == "COPY is not supported")
            }
        }

        @Test func `an empty statement has no rows`() async throws {
            try await withConnection { connection in
                #expect(try await connection.query("").isEmpty)
                try await expectAlive(connection)
            }
        }

        @Test func `a failing statement leaves those beside it alone`() async throws {
            try await withTable("id int8 PRIMARY KEY") { connection, table in
                let insert = "INSERT INTO \(table) VALUES ($1::text::int8)"
                let outcomes = await withTaskGroup(of: (Int, SQLState?).self) { group in
                    for place in 0..<60 {
                        group.addTask {
                            do {
                                _ = try await connection.query(insert, [place % 3 == 1 ? "bad" : "\(place)"])
                                return (place, nil)
                            } catch {
                                return (place, (error as? PostgresError)?.sqlState)
                            }
                        }
                    }
                    return await group.reduce(into: [Int: SQLState]()) { $0[$1.0] = $1.1 }
                }
                #expect(
                    outcomes
                        == Dictionary(
                            uniqueKeysWithValues: (0..<60).filter { $0 % 3 == 1 }.map {
                                ($0, SQLState.invalidTextRepresentation)
                            }
                        )
                )
                let present = try await connection.query("SELECT count(*) FROM \(table)").value(Int.self)
                #expect(present == 40)
            }
        }

        @Test func `ten thousand statements at once are all answered, each with its own`() async throws {
            var settings = try settings()
            settings.waitingLimit = 10_000
            try await withConnection(settings) { connection in
                let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<10_000 {
                        group.addTask {
                            try await connection.query("SELECT $1 * 2", [number]).value(Int.self) != number * 2
                        }
                    }
                    return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(wrong == 0)
            }
        }

        @Test func `more statements than may wait are refused`() async throws {
            var settings = try settings()
            (settings.inFlightLimit, settings.waitingLimit) = (1, 1)
            try await withConnection(settings) { connection in
                let kinds = await withTaskGroup(of: PostgresError.Kind?.self) { group in
                    for _ in 0..<50 {
                        group.addTask {
                            do {
                                _ = try await connection.query("SELECT pg_sleep(0.02)")
                                return nil
                            } catch {
                                return (error as? PostgresError)?.kind
                            }
                        }
                    }
                    return await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(kinds.isSubset(of: [nil, .exhausted]))
                #expect(kinds.contains(nil))
                try await expectAlive(connection)
            }
        }

        @Test func `a statement is prepared once in a connection`() async throws {
            try await withConnection { connection in
                for number in 0..<5 { _ = try await connection.query("SELECT $1 + 7", [number]) }
                let count = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1 + 7'"
                #expect(try await connection.query(count).value(Int.self) == 1)
            }
        }

        @Test func `a prepared statement survives a change of its table, at the second try`() async throws {
            try await withTable("id int8") { connection, table in
                let select = "SELECT * FROM \(table)"
                _ = try await connection.query("INSERT INTO \(table) VALUES (1)")
                #expect(try await connection.query(select).columnCount == 1)
                _ = try await connection.query("ALTER TABLE \(table) ADD COLUMN n int8")
                let error = try await failure { _ = try await connection.query(select) }
                #expect(error.sqlState == .featureNotSupported)
                #expect(try await connection.query(select).columnCount == 2)
            }
        }

        @Test func `a prepared statement that was taken away is prepared anew`() async throws {
            try await withConnection { connection in
                _ = try await connection.query("SELECT 5")
                _ = try await connection.query("DEALLOCATE ALL")
                let error = try await failure { _ = try await connection.query("SELECT 5") }
                #expect(error.sqlState == .invalidSQLStatementName)
                #expect(try await connection.query("SELECT 5").value(Int.self) == 5)
            }
        }

        @Test func `what was answered is committed`() async throws {
            try await withTable("id int8 PRIMARY KEY") { connection, table in
                try await withConnection { other in
                    for id in 0..<50 {
                        _ = try await connection.query("INSERT INTO \(table) VALUES ($1)", [id])
                        let count = try await other.query("SELECT count(*) FROM \(table) WHERE id = $1", [id])
                        #expect(try count.value(Int.self) == 1)
                    }
                }
            }
        }

        @Test func `a statement with NUL is refused before it is sent`() async throws {
            try await withConnection { connection in
                #expect(try await failure { _ = try await connection.query("SELECT 1\0") }.kind == .argument)
                #expect(try await failure { _ = try await connection.query("SELECT $1", ["a\0b"]) }.kind == .argument)
                try await expectAlive(connection)
            }
        }

        @Test func `the connection has the parameters that the settings say`() async throws {
            var settings = try settings()
            settings.cancelGrace = .seconds(1)
            settings.parameters["search_path"] = "here, there"
            try await withConnection(settings) { connection in
                let expected = [
                    "search_path": "here, there", "statement_timeout": "241s", "application_name": "libpq-swift",
                    "client_encoding": "UTF8",
                ]
                for (name, value) in expected {
                    let shown = try await connection.query("SHOW \(name)").value(String.self)
                    #expect(shown == value)
                }
            }
        }
    }
}
