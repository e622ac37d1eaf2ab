import LibPQ
import Testing

@Suite(.serialized, .timeLimit(.minutes(15))) struct FailoverTests {
    /// A primary and a standby that it waits for, and the URL of whichever of them takes writes.
    private func withPair(
        _ body: (_ primary: ThrowawayPostgres, _ standby: ThrowawayPostgres, _ url: String) async throws -> Void
    ) async throws {
        try await ThrowawayPostgres.with { primary in
            try await ThrowawayPostgres.with(standbyOf: primary) { standby in
                let hosts = primary.url.dropLast("/postgres".count)
                let other = try #require(standby.url.split(separator: "@").last)
                try await body(primary, standby, "\(hosts),\(other)?target_session_attrs=read-write&sslmode=disable")
            }
        }
    }

    /// Ends the server's wait for its standby, once it waits.
    private func endWait(of connection: PostgresConnection, _ observer: PostgresConnection) async throws {
        let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'"
        while try await observer.query(cancel, [connection.processID]).isEmpty {}
    }

    @Test func `what was acknowledged is on the standby that takes over, and the pools find it by themselves`()
        async throws
    {
        try await withPair { primary, standby, url in
            try await withPool(.hasty(url, size: 4)) { pool in
                _ = try await pool.query("CREATE TABLE kept (id int8)")
                try await withPool(.hasty(url)) { batches in
                    let committer = GroupCommitter<Int, Void>(pool: batches) { items, connection in
                        _ = try await connection.query("INSERT INTO kept SELECT unnest($1)", [items])
                        return items.map { _ in .success(()) }
                    }
                    async let running: Void = committer.run()
                    let ledger = Ledger()
                    let write: @Sendable (Int) async throws -> Void = { number in
                        if number % 2 == 0 {
                            try await committer.perform(number, key: number)
                        } else {
                            _ = try await pool.query("INSERT INTO kept VALUES ($1)", [number])
                        }
                    }
                    try await ledger.write(tasks: 16, by: write) {
                        await ledger.more(300)
                        try await primary.stop()
                        try await standby.promote()
                        await ledger.more(300)
                    }
                    committer.close()
                    await running
                    try await withConnection(.patient(standby.url)) { connection in
                        try await ledger.expectKept(in: "kept", connection)
                    }
                    try await expectRecovery(batches)
                }
                try await expectRecovery(pool, size: 4)
            }
        }
    }

    @Test func `a commit that the standby has not confirmed is not acknowledged, whoever ends the wait`() async throws {
        try await withPair { primary, standby, url in
            try await withConnection(.patient(url)) { connection in
                _ = try await connection.query("CREATE TABLE kept (id int8)")
                let insert = "INSERT INTO kept VALUES ($1)"
                _ = try await connection.query(insert, [0])
                try await withConnection(.patient(primary.url)) { observer in
                    try await standby.pause()
                    // By an operator, for one. The server calls it a success, with a warning.
                    async let waiting = failure { _ = try await connection.query(insert, [1]) }
                    try await endWait(of: connection, observer)
                    let statement = try await waiting
                    #expect(statement.kind == .deadline)
                    async let committing = failure {
                        try await connection.transaction { _ = try await $0.query(insert, [2]) }
                    }
                    try await endWait(of: connection, observer)
                    let commit = try await committing
                    #expect(commit.kind == .deadline)
                    #expect(connection.isOpen)
                    #expect(!connection.isInTransaction)
                    // By the client's own limit, which may be over before anything is sent.
                    var error: PostgresError
                    repeat {
                        error = try await failure {
                            _ = try await connection.query(insert, [3], timeout: .milliseconds(200))
                        }
                    } while error.kind == .exhausted
                    #expect(error.kind == .deadline)
                    let count = try await observer.query("SELECT count(*) FROM kept").value(Int.self)
                    #expect(count == 4, "all of them are on the primary")
                }
                try await standby.resume()
                _ = try await connection.query(insert, [4])
            }
        }
    }
}
