import LibPQ
import Synchronization
import Testing

extension LibPQServerTests {
    struct GroupCommitterTests {
        private typealias Committer = GroupCommitter<Int, Int>

        /// Runs a group commit into a table for as long as the body takes.
        private func withCommitter(
            _ settings: GroupCommitSettings = .patient,
            commit: @escaping @Sendable (_ table: String) -> Committer.Commit,
            _ body: (_ committer: Committer, _ table: String, _ connection: PostgresConnection) async throws -> Void
        ) async throws {
            var poolSettings = PostgresPoolSettings(try LibPQTests.settings())
            poolSettings.size = settings.lanes
            poolSettings.acquireTimeout = .seconds(60)
            try await withTable("id int8 PRIMARY KEY CHECK (id >= 0)") { connection, table in
                try await withPool(poolSettings) { pool in
                    let committer = Committer(pool: pool, settings: settings, commit: commit(table))
                    async let running: Void = committer.run()
                    try await body(committer, table, connection)
                    committer.close()
                    await running
                }
            }
        }

        /// Inserts all of a batch by one statement.
        private static func insert(into table: String) -> Committer.Commit {
            { items, connection in
                let rows = try await connection.query("INSERT INTO \(table) SELECT unnest($1) RETURNING id", [items])
                return try rows.map { .success(try $0.decode(0)) }
            }
        }

        @Test func `whoever waits too long behind a batch is refused, and the batch is written`() async throws {
            var settings = GroupCommitSettings.patient
            settings.lanes = 1
            settings.waitingTime = .milliseconds(50)
            let gate = AsyncStream<Void>.makeStream()
            let isWriting = AsyncStream<Void>.makeStream()
            let slow: @Sendable (String) -> Committer.Commit = { table in
                { items, connection in
                    isWriting.continuation.yield()
                    for await _ in gate.stream { break }
                    return try await Self.insert(into: table)(items, connection)
                }
            }
            try await withCommitter(settings, commit: slow) { committer, _, _ in
                async let first = committer.perform(1, key: 0)
                for await _ in isWriting.stream { break }
                let error = try await failure { _ = try await committer.perform(2, key: 0) }
                #expect(error.kind == .exhausted)
                gate.continuation.yield()
                #expect(try await first == 1)
            }
        }

        @Test func `whoever is answered is committed, in fewer statements than there are items`() async throws {
            let batches = Mutex([Int]())
            let counting: @Sendable (String) -> Committer.Commit = { table in
                { items, connection in
                    batches.withLock { $0.append(items.count) }
                    return try await Self.insert(into: table)(items, connection)
                }
            }
            try await withCommitter(commit: counting) { committer, table, connection in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<1000 {
                        group.addTask {
                            let answer = try await committer.perform(number, key: number)
                            #expect(answer == number)
                            let sql = "SELECT count(*) FROM \(table) WHERE id = $1"
                            let rows = try await connection.query(sql, [number])
                            #expect(try rows.value(Int.self) == 1)
                        }
                    }
                    try await group.waitForAll()
                }
                let sizes = batches.withLock(\.self)
                #expect(sizes.reduce(0, +) == 1000)
                #expect(sizes.count < 1000)
                #expect(sizes.allSatisfy { $0 <= 128 })
            }
        }

        @Test func `a bad item fails alone`() async throws {
            try await withCommitter(commit: Self.insert) { committer, table, connection in
                let failed = await withTaskGroup(of: (Int, SQLState?)?.self) { group in
                    for number in 0..<300 {
                        let item = number % 50 == 7 ? -number : number
                        group.addTask {
                            do {
                                _ = try await committer.perform(item, key: 0)
                                return nil
                            } catch {
                                return (item, (error as? PostgresError)?.sqlState)
                            }
                        }
                    }
                    return await group.reduce(into: [Int: SQLState?]()) {
                        if let (item, state) = $1 { $0[item] = state }
                    }
                }
                let kept = try await connection.query("SELECT count(*) FROM \(table)").value(Int.self)
                #expect(kept == 294)
                #expect(failed.keys.sorted() == [-257, -207, -157, -107, -57, -7])
                #expect(failed.values.allSatisfy { $0 == .checkViolation })
            }
        }

        @Test func `batches that wait for each other in a circle are done anew`() async throws {
            var settings = GroupCommitSettings.patient
            settings.retry = PostgresRetry(attempts: 1000)
            let attempts = Mutex(0)
            // Each item locks both rows, in an order of its own.
            let lock: @Sendable (String) -> Committer.Commit = { table in
                { items, connection in
                    attempts.withLock { $0 += 1 }
                    try await connection.transaction(retry: PostgresRetry(attempts: 1)) { transaction in
                        for item in items {
                            for id in [item % 2, 1 - item % 2] {
                                _ = try await transaction.query("SELECT 1 FROM \(table) WHERE id = $1 FOR UPDATE", [id])
                            }
                        }
                    }
                    return items.map { .success($0) }
                }
            }
            settings.batchSize = 1
            try await withCommitter(settings, commit: lock) { committer, table, connection in
                _ = try await connection.query("INSERT INTO \(table) VALUES (0), (1)")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<200 { group.addTask { _ = try await committer.perform(number, key: number) } }
                    try await group.waitForAll()
                }
                #expect(attempts.withLock(\.self) >= 200)
            }
        }

        @Test func `a batch that leaves its transaction open is not called committed`() async throws {
            let careless: @Sendable (String) -> Committer.Commit = { table in
                { items, connection in
                    _ = try await connection.query("BEGIN")
                    return try await Self.insert(into: table)(items, connection)
                }
            }
            try await withCommitter(commit: careless) { committer, table, connection in
                let error = try await failure { _ = try await committer.perform(1, key: 1) }
                #expect(error.kind == .misuse)
                #expect(try await connection.query("SELECT count(*) FROM \(table)").value(Int.self) == 0)
            }
        }

        @Test func `an item's own outcome is its own`() async throws {
            struct Own: Error {}
            let choosy: @Sendable (String) -> Committer.Commit = { _ in
                { items, _ in items.map { $0 % 2 == 0 ? .success($0) : .failure(Own()) } }
            }
            try await withCommitter(commit: choosy) { committer, _, _ in
                let answer = try await committer.perform(2, key: 0)
                #expect(answer == 2)
                await #expect(throws: Own.self) { try await committer.perform(3, key: 0) }
            }
        }

        @Test func `a full lane refuses, and a closed one writes what it has`() async throws {
            var settings = GroupCommitSettings.patient
            (settings.lanes, settings.capacity, settings.batchSize) = (1, 3, 1)
            let (held, release) = AsyncStream<Void>.makeStream()
            let (begun, begin) = AsyncStream<Void>.makeStream()
            let slow: @Sendable (String) -> Committer.Commit = { table in
                { items, connection in
                    begin.yield()
                    for await _ in held { break }
                    return try await Self.insert(into: table)(items, connection)
                }
            }
            try await withCommitter(settings, commit: slow) { committer, table, connection in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await committer.perform(0, key: 0) }
                    // The first is being written, so three more fill the lane.
                    for await _ in begun { break }
                    for number in 1...3 { group.addTask { _ = try await committer.perform(number, key: 0) } }
                    while committer.waitingCount < 3 { await Task.yield() }
                    let error = try await failure {
                        _ = try await committer.perform(99, key: 0)
                    }
                    #expect(error.kind == .exhausted)
                    committer.close()
                    #expect(try await failure { _ = try await committer.perform(100, key: 0) }.kind == .closed)
                    release.finish()
                    try await group.waitForAll()
                }
                #expect(try await connection.query("SELECT count(*) FROM \(table)").value(Int.self) == 4)
            }
        }
    }
}

extension GroupCommitSettings {
    /// On a busy machine nobody is to be refused for it.
    fileprivate static var patient: Self {
        var settings = Self()
        settings.waitingTime = .seconds(240)
        return settings
    }
}
