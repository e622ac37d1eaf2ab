import Dispatch
import GRDB
import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleySQLite

@Suite("SQLite's group commit")
struct SQLiteGroupCommitTests {
    @Test("Concurrent writes share a transaction, with one commit for up to a batch of them")
    func sharing() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let conversation = try await ground.conversation().id
                let transactions = try await store.countTransactions()
                let count = GroupCommit.batchSize * 2
                let messages = try await store.together(count) { index in
                    try await ground.say(["\(index)"], in: conversation)
                }
                #expect(transactions.value == 2)
                #expect(messages.flatMap(\.self).map(\.seq).sorted() == Array(1...count))
                #expect(try await ground.log(conversation).count == count)
            }
        }
    }

    @Test("A failing write leaves the others of its transaction alone, and leaves nothing of itself")
    func isolation() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let conversation = try await ground.conversation().id
                let used = MessageID(high: 1, low: 1)
                _ = try await ground.append([.user("first", id: used)], to: conversation)
                let transactions = try await store.countTransactions()
                let outcomes = try await store.together(20) { index in
                    // Every fourth fails at its second message, after its first was inserted.
                    let second = index.isMultiple(of: 4) ? NewMessage.user("other", id: used) : .user("b\(index)")
                    return await Result { try await ground.append([.user("a\(index)"), second], to: conversation) }
                }
                #expect(transactions.value == 1)
                let failures = outcomes.compactMap { outcome in
                    if case .failure(let error) = outcome { error as? ParleyError } else { nil }
                }
                #expect(failures.map(\.code) == Array(repeating: .idempotencyConflict, count: 5))
                let log = try await ground.log(conversation)
                #expect(log.map(\.seq) == Array(1...31))
                #expect(!log.contains { $0.content == "a4" })
                #expect(try await ground.search("a4").isEmpty)
                #expect(try await ground.search("\"a5\"").count == 1)
            }
        }
    }

    @Test("Where the commit fails nothing is acknowledged and nothing is stored")
    func failedCommit() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let conversation = try await ground.conversation(holding: ["before"]).id
                let outcomes = try await store.together(6) { index in
                    await Result {
                        guard index == 3 else { return _ = try await ground.say(["\(index)"], in: conversation) }
                        // A deferred constraint lets this write's savepoint pass and its transaction's commit fail.
                        try await store.write { transaction in
                            try transaction.db.execute(
                                sql: """
                                    PRAGMA defer_foreign_keys = ON;
                                    INSERT INTO message_version VALUES (4711, 0, 8, NULL, 0, 'nobody''s');
                                    """
                            )
                        }
                    }
                }
                #expect(outcomes.allSatisfy { (try? $0.get()) == nil })
                #expect(try await ground.log(conversation).map(\.content) == ["before"])
                #expect(try await ground.say(["after"], in: conversation).map(\.seq) == [2])
            }
        }
    }

    @Test("Invariant 8: when the queue is full a write is refused with a time to come back, and no other is lost")
    func fullQueue() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let conversation = try await ground.conversation().id
                let hold = WriterHold(store)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<Limits.storeQueue {
                        group.addTask { try await store.write { _ in } }
                    }
                    await store.waitForDepth(Limits.storeQueue)
                    let error = await expectError(.unavailable) { try await ground.say(["too many"], in: conversation) }
                    #expect(error?.retryAfter == .seconds(1))
                    hold.release()
                    try await group.waitForAll()
                }
                #expect(try await ground.say(["room again"], in: conversation).map(\.seq) == [1])
            }
        }
    }

    @Test("Closing waits for the writes under way")
    func closing() async throws {
        try await SQLiteFile.with { file in
            let store = try await file.open()
            let project = try await store.createProject(NewProject(name: "Before"), as: .alice).value
            let hold = WriterHold(store)
            async let renamed = store.updateProject(project.id, ProjectChanges(name: "After"), as: .alice)
            await store.waitForDepth(1)
            async let closed: Void = store.close()
            hold.release()
            #expect(try await renamed.name == "After")
            try await closed
            try await file.withStore { store, _ in
                let stored = try await store.project(project.id, as: .alice)
                #expect(stored.name == "After")
            }
        }
    }
}

/// Keeps the writer busy until it is released, so that writes gather behind it.
struct WriterHold: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    init(_ store: SQLiteStore) {
        store.pool.asyncWriteWithoutTransaction { [semaphore] _ in semaphore.wait() }
    }

    func release() {
        semaphore.signal()
    }
}

/// A number that another thread counts up.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .acquiring) }

    func increment() {
        count.add(1, ordering: .acquiringAndReleasing)
    }
}

extension SQLiteStore {
    /// Counts the transactions that the writer begins from now on.
    func countTransactions() async throws -> Counter {
        let counter = Counter()
        try await pool.writeWithoutTransaction { db in
            db.trace { event in
                if case .statement(let statement) = event, statement.sql.hasPrefix("BEGIN") { counter.increment() }
            }
        }
        return counter
    }

    /// Waits until so many writes are in the queue.
    func waitForDepth(_ depth: Int) async {
        while writer.depth < depth { await Task.yield() }
    }

    /// Makes writes that are all in the queue before the writer comes to the first.
    func together<Value: Sendable>(
        _ count: Int,
        _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        let hold = WriterHold(self)
        return try await withThrowingTaskGroup(of: Value.self) { group in
            for index in 0..<count {
                group.addTask { try await body(index) }
            }
            await waitForDepth(count)
            hold.release()
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension Result where Failure == any Error {
    /// What an asynchronous call comes to.
    init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
