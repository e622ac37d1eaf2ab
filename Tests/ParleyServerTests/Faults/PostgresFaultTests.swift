import LibPQ
import Testing

extension LoadTests {
    /// Everywhere: nothing acknowledged is lost or doubled, nothing stale is read, what fails does with 503, and both
    /// instances go on by themselves.
    @Suite(
        "Faults of PostgreSQL, under load from two instances",
        .cluster(Cluster.Plan(connections: 60)),
        .serialized,
        .timeLimit(.minutes(15))
    )
    struct PostgresFaultTests {
        private let cluster: Cluster
        private var postgres: FaultPostgres { cluster.postgres }

        init() throws {
            cluster = try #require(Cluster.shared)
        }

        @Test("kill -9 of all its processes")
        func killed() async throws {
            try await FaultRun.run(in: cluster, failing: .surely) { load in
                try await postgres.kill()
                await load.bothFail()
                try await postgres.startAgain()
            }
        }

        @Test("An immediate restart")
        func restarted() async throws {
            try await FaultRun.run(in: cluster, failing: .surely) { load in
                try await postgres.stop()
                await load.bothFail()
                try await postgres.startAgain()
            }
        }

        @Test("Stopped where it is: nothing hangs, and it goes on when it does")
        func paused() async throws {
            try await FaultRun.run(in: cluster, failing: .surely) { load in
                try await postgres.pause()
                await load.bothFail()
                try await postgres.resume()
            }
        }

        @Test("All connections ended, ten times")
        func connectionsEnded() async throws {
            try await FaultRun.run(in: cluster, failing: .perhaps) { load in
                for _ in 0..<10 {
                    try await postgres.execute(Self.endingTheirs)
                    await load.appending(5)
                }
            }
        }

        @Test("No connection left")
        func outOfConnections() async throws {
            try await FaultRun.run(in: cluster, failing: .surely) { load in
                var taken = [try await postgres.connect()]
                defer { for connection in taken { connection.close() } }
                var theirs = 1
                while theirs > 0 {
                    while let connection = try await oneMore() { taken.append(connection) }
                    _ = try await taken[0].query(Self.endingTheirs)
                    while let connection = try await oneMore() { taken.append(connection) }
                    theirs = try await taken[0].query(Self.countingTheirs)[0].decode(0)
                }
                await load.bothFail()
            }
        }

        private func oneMore() async throws -> PostgresConnection? {
            do {
                return try await postgres.connect()
            } catch {
                let failure = try #require(error as? PostgresError)
                // No place is left.
                if failure.sqlState?.errorClass == "53" || failure.kind == .unreachable { return nil }
                throw failure
            }
        }

        @Test("Read-only")
        func readOnly() async throws {
            try await FaultRun.run(in: cluster, failing: .surely) { load in
                try await postgres.execute("ALTER SYSTEM SET default_transaction_read_only = on")
                try await postgres.execute("SELECT pg_reload_conf()")
                await load.bothFail()
                try await postgres.execute("ALTER SYSTEM RESET default_transaction_read_only")
                try await postgres.execute("SELECT pg_reload_conf()")
            }
        }

        @Test("Committed, and the answer lost, ten times")
        func answersLost() async throws {
            try await FaultRun.run(in: cluster, failing: .surely) { load in
                for _ in 0..<10 {
                    for link in cluster.databaseLinks { link.loseAnswers() }
                    await load.appending(5)
                }
            }
        }

        @Test("A link that passes nothing on, and later everything")
        func silentLink() async throws {
            try await FaultRun.run(in: cluster, failing: .surely) { load in
                for link in cluster.databaseLinks { link.become(.silent) }
                await load.bothFail()
                for link in cluster.databaseLinks { link.become(.pass) }
            }
        }

        @Test("Somebody locks the busiest conversation: the others go on")
        func locked() async throws {
            try await FaultRun.run(in: cluster, failing: .surely) { load in
                try await postgres.withConnection { connection in
                    try await connection.transaction { db in
                        _ = try await db.query(
                            "SELECT FROM conversation WHERE id = $1::text::uuid FOR UPDATE",
                            [load.hotLog]
                        )
                        await load.journal.until { progress in
                            (0..<2).allSatisfy {
                                progress.failures(at: $0) > 0 && progress.count(.append, at: $0) >= 10
                                    && progress.count(.read(15), at: $0) >= 10 && progress.count(.turn, at: $0) > 0
                            }
                        }
                    }
                }
            }
        }

        private static let theirs = "FROM pg_stat_activity WHERE application_name LIKE 'parley%'"
        private static let endingTheirs = "SELECT count(pg_terminate_backend(pid)) \(theirs)"
        private static let countingTheirs = "SELECT count(*) \(theirs)"
    }

    @Suite("Faults of PostgreSQL's disk, under load from two instances", .timeLimit(.minutes(15)))
    struct DiskTests {
        @Test("Full: writes are refused, nothing acknowledged is lost, and there is room again when there is")
        func full() async throws {
            try await Cluster.with(Cluster.Plan(disk: 200)) { cluster in
                let disk = try #require(cluster.disk)
                try await FaultRun.run(in: cluster, failing: .surely) { load in
                    try disk.fill()
                    await load.bothFail()
                    try disk.empty()
                }
            }
        }
    }

    @Suite("Failover of PostgreSQL, under load from two instances", .timeLimit(.minutes(15)))
    struct FailoverTests {
        @Test("The primary dies, its synchronous standby is promoted: both instances find it, and it has everything")
        func failover() async throws {
            try await Cluster.with(Cluster.Plan(hasStandby: true)) { cluster in
                let standby = try #require(cluster.standby)
                try await FaultRun.run(in: cluster, failing: .surely, database: standby) { load in
                    try await cluster.postgres.kill()
                    await load.bothFail()
                    try await standby.promote()
                }
            }
        }
    }
}
