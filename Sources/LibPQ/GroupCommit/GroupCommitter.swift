internal import Synchronization

/// How a group commit is cut.
public struct GroupCommitSettings: Sendable {
    /// How many batches are written at a time, each in a connection of its own: no more than the pool has.
    public var lanes = 2
    /// How many items one batch holds at most, or how much they weigh together.
    ///
    /// A planner that guesses badly joins them in square time.
    public var batchSize = 128
    /// How many items wait in one lane, or how much they weigh together; the next fails with `exhausted`.
    public var capacity = 2048
    /// How long an item waits for its batch to begin before it fails with `exhausted`.
    public var waitingTime = Duration.seconds(1)
    /// How often a batch is tried that others stand in the way of, and how long it waits between.
    public var retry = PostgresRetry()

    /// Takes what is usual.
    public init() {}
}

/// Writes what several tasks want to be written together: one statement or transaction, and so one sync of the disk, for as
/// many as wait.
///
/// Items with the same key go through the same lane, in their order. A lane writes one batch at a time; what comes meanwhile
/// is the next batch. So nobody waits for a batch to fill up, and batches grow by themselves under load. An item whose
/// batch fails is tried again with fewer neighbours, until it is alone; so it never fails because of one of them.
///
/// An item is answered once it is committed, or once it is certain or has become unknowable that it isn't. A task that is
/// cancelled still waits: its item may stand.
public final class GroupCommitter<Item: Sendable, Answer: Sendable>: Sendable {
    /// What an item has come to: its answer, or why it alone was refused.
    public typealias Outcome = Result<Answer, any Error>

    /// Writes a batch and returns when it is committed, with one outcome for each item, in their order.
    ///
    /// By one statement outside of a transaction, or by a transaction of its own. Where it throws, nothing may have been
    /// committed, unless the error leaves that open.
    public typealias Commit = @Sendable ([Item], PostgresConnection) async throws -> [Outcome]

    private struct Entry: Sendable {
        let item: Item
        let arrival: ContinuousClock.Instant
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private struct Lane {
        var rules: CommitLane<Entry>
        var writer: CheckedContinuation<Void, Never>?
    }

    private let pool: PostgresPool
    private let settings: GroupCommitSettings
    private let commit: Commit
    private let lanes: Mutex<[Lane]>

    /// Makes a group commit that begins to write when it runs.
    ///
    /// - Parameters:
    ///   - pool: Connections that nobody else uses, as many as there are lanes.
    ///   - settings: How it is cut.
    ///   - commit: Writes a batch.
    public init(pool: PostgresPool, settings: GroupCommitSettings = GroupCommitSettings(), commit: @escaping Commit) {
        self.pool = pool
        self.settings = settings
        self.commit = commit
        let rules = CommitLane<Entry>(capacity: settings.capacity, batchSize: settings.batchSize)
        lanes = Mutex((0..<settings.lanes).map { _ in Lane(rules: rules) })
    }

    /// How many items wait.
    public var waitingCount: Int { lanes.withLock { $0.reduce(0) { $0 + $1.rules.count } } }

    /// Writes until it is closed and everything is written, or the task is cancelled.
    ///
    /// Once only.
    public func run() async {
        await withTaskGroup { group in
            for lane in 0..<settings.lanes { group.addTask { await self.write(lane) } }
        }
    }

    /// Refuses further items; what waits is still written, and then ``run()`` returns.
    public func close() {
        let writers = lanes.withLock { lanes in
            lanes.indices.compactMap { lanes[$0].rules.close() ? lanes[$0].writer.take() : nil }
        }
        for writer in writers { writer.resume() }
    }

    /// Has an item written, and returns its answer once it is committed.
    ///
    /// - Parameters:
    ///   - item: What to write.
    ///   - key: What the item changes: items that would wait for each other in the database should have the same.
    ///   - weight: As how many items it counts; one that weighs more than a batch may is written by itself.
    /// - Returns: The item's answer.
    /// - Throws: The item's own error, or a `PostgresError`.
    public func perform(_ item: Item, key: some Hashable, weight: Int = 1) async throws -> Answer {
        let lane = Int(UInt(bitPattern: key.hashValue) % UInt(settings.lanes))
        let outcome = await withCheckedContinuation { continuation in
            let (admission, writer) = lanes.withLock { lanes in
                let entry = Entry(item: item, arrival: .now, continuation: continuation)
                let admission = lanes[lane].rules.add(entry, weight: weight)
                return (admission, admission == .wake ? lanes[lane].writer.take() : nil)
            }
            switch admission {
            case .wake, .wait: writer?.resume()
            case .full:
                continuation.resume(returning: .failure(PostgresError(.exhausted, "too many writes wait")))
            case .closed:
                continuation.resume(returning: .failure(PostgresError(.closed, "no more is written")))
            }
        }
        return try outcome.get()
    }

    private func write(_ lane: Int) async {
        while !Task.isCancelled {
            switch lanes.withLock({ $0[lane].rules.next() }) {
            case .batch(let batch): await write(batch, in: lane)
            case .sleep: await sleep(lane)
            case .end: return
            }
        }
        for entry in lanes.withLock({ $0[lane].rules.abandon() }) {
            entry.continuation.resume(returning: .failure(PostgresError(.closed, "no more is written")))
        }
    }

    /// Waits until there is something to write, or until the task is cancelled.
    private func sleep(_ lane: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isNeeded = lanes.withLock { lanes in
                    // Something may have come since, whose task found nobody to wake.
                    guard lanes[lane].rules.isAsleep, !Task.isCancelled else { return true }
                    lanes[lane].writer = continuation
                    return false
                }
                if isNeeded { continuation.resume() }
            }
        } onCancel: {
            lanes.withLock { $0[lane].writer.take() }?.resume()
        }
    }

    private func write(_ batch: [Entry], in lane: Int) async {
        // Whoever waits behind a batch that takes long is told in time.
        async let _ = expire(lane)
        await write(batch)
    }

    /// Refuses those that have waited too long, until the task is cancelled.
    private func expire(_ lane: Int) async {
        while (try? await Task.sleep(for: settings.waitingTime / 4)) != nil {
            let limit = ContinuousClock.now - settings.waitingTime
            for entry in lanes.withLock({ $0[lane].rules.drop { $0.arrival < limit } }) {
                let error = PostgresError(.exhausted, "the batches before took too long")
                entry.continuation.resume(returning: .failure(error))
            }
        }
    }

    private func write(_ batch: [Entry]) async {
        var plan = BatchPlan(count: batch.count, attempts: settings.retry.attempts)
        while let part = plan.present {
            let entries = batch[part]
            do {
                let outcomes = try await attempt(entries.map(\.item))
                plan.succeeded()
                for (entry, outcome) in zip(entries, outcomes) { entry.continuation.resume(returning: outcome) }
            } catch {
                switch plan.failed(error as? PostgresError) {
                case .again(let failures):
                    // A cancellation ends the wait, and then the attempt.
                    try? await pool.time.sleep(
                        for: settings.retry.backoff.delay(afterFailures: failures, random: .random(in: 0..<1))
                    )
                case .split: break
                case .fail: for entry in entries { entry.continuation.resume(returning: .failure(error)) }
                case .failAll:
                    // Parts are tried from the first item on, so what isn't done yet begins with this one.
                    for entry in batch[part.lowerBound...] { entry.continuation.resume(returning: .failure(error)) }
                }
            }
        }
    }

    private func attempt(_ items: [Item]) async throws -> [Outcome] {
        try await pool.withConnection { connection in
            let outcomes = try await commit(items, connection)
            guard !connection.isInTransaction else {
                throw PostgresError(.misuse, "a batch left its transaction open")
            }
            guard outcomes.count == items.count else {
                throw PostgresError(.misuse, "a batch came to \(outcomes.count) outcomes for \(items.count) items")
            }
            return outcomes
        }
    }
}
