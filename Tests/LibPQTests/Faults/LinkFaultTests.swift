import LibPQ
import Testing

extension LibPQFaultTests {
    struct LinkFaultTests {
        /// `COMMIT` as it is sent, and not the isolation of `READ COMMITTED`.
        private let commit = "COMMIT\0"

        /// A link to the server for as long as the body takes, and the URL of the server behind it.
        private func withLink(_ body: (_ link: FaultyLink, _ url: String) async throws -> Void) async throws {
            let url = try #require(ThrowawayPostgres.shared).url
            let port = try #require(url.split(separator: ":").last?.split(separator: "/").first)
            try await FaultyLink.with(to: try #require(Int(port))) { link, other in
                let linked = url.replacing(":\(port)/", with: ":\(other)/") + "?sslmode=disable"
                try await body(link, linked)
            }
        }

        @Test func `a link on which nothing comes costs a statement its time, and no late answer meets another`()
            async throws
        {
            try await withLink { link, url in
                try await withPool(.hasty(url, statementTimeout: .milliseconds(500))) { pool in
                    try await expectRecovery(pool)
                    link.goSilent()
                    let first = try await kindOfFailure { _ = try await pool.query("SELECT 1") }
                    #expect(first != nil)
                    try await untilUnreachable(pool)
                    expectIdle(pool, open: 0)
                    link.goOn()
                    try await expectRecovery(pool)
                }
            }
        }

        @Test func `a commit whose answer is lost is called unknown, done once, and not done anew`() async throws {
            try await withTable("id int8") { observer, table in
                try await withLink { link, url in
                    try await withPool(.hasty(url)) { pool in
                        for round in 0..<10 {
                            let losesAnswer = round % 2 == 0
                            link.lose(losesAnswer ? .answer(commit) : .request(commit))
                            let error = try await failure {
                                try await pool.transaction { transaction in
                                    _ = try await transaction.query("INSERT INTO \(table) VALUES ($1)", [round])
                                }
                            }
                            #expect(error.kind == .connectionLost, "\(error.message)")
                            #expect(error.isConnectionLost)
                            #expect(!error.isTransient)
                            #expect(link.hasLost)
                            let sql = "SELECT count(*) FROM \(table) WHERE id = $1"
                            let count = try await observer.query(sql, [round]).value(Int.self)
                            #expect(count == (losesAnswer ? 1 : 0), "nobody can know, but for us")
                            try await expectRecovery(pool)
                        }
                    }
                }
            }
        }

        @Test func `a batch whose answer is lost is unknown to all in it, and in nobody's way`() async throws {
            try await withTable("id int8") { observer, table in
                try await withLink { link, url in
                    try await withPool(.hasty(url)) { pool in
                        let committer = GroupCommitter<Int, Void>(pool: pool) { items, connection in
                            try await connection.transaction { transaction in
                                _ = try await transaction.query("INSERT INTO \(table) SELECT unnest($1)", [items])
                            }
                            return items.map { _ in .success(()) }
                        }
                        async let running: Void = committer.run()
                        let ledger = Ledger()
                        let write: @Sendable (Int) async throws -> Void = { number in
                            try await committer.perform(number, key: number)
                        }
                        try await ledger.write(tasks: 32, by: write) {
                            for round in 0..<10 {
                                await ledger.more(100)
                                link.lose(round % 2 == 0 ? .answer(commit) : .request(commit))
                            }
                            await ledger.more(100)
                        }
                        #expect(link.hasLost)
                        committer.close()
                        await running
                        try await ledger.expectKept(in: table, observer)
                        try await expectRecovery(pool)
                    }
                }
            }
        }

        @Test func `a request to cancel that never arrives costs the connection, and no statement after it hangs`()
            async throws
        {
            try await withConnection { observer in
                try await withLink { link, url in
                    var settings = PostgresSettings.patient(url)
                    settings.cancelGrace = .milliseconds(500)
                    try await withConnection(settings) { connection in
                        _ = try await observer.query("SELECT pg_advisory_lock(4711)")
                        link.goSilentForNew()
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            group.addTask {
                                let sql = "SELECT pg_advisory_lock(4711)"
                                let error = try await failure { _ = try await connection.query(sql) }
                                #expect(error.kind == .cancelled)
                            }
                            try await untilWaiting(connection.processID, observer)
                            group.cancelAll()
                            // Not before, or it would have nothing to cancel.
                            await link.untilSilentConnection()
                            _ = try await observer.query("SELECT pg_advisory_unlock(4711)")
                            try await group.waitForAll()
                        }
                        #expect(await connection.ended().kind == .connectionLost)
                        #expect(try await failure { _ = try await connection.query("SELECT 1") }.kind == .unreachable)
                        link.goOn()
                    }
                }
            }
        }
    }
}
