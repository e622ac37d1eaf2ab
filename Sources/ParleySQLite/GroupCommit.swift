internal import GRDB
internal import Logging
internal import ParleyCore
internal import ParleyMetrics
internal import Synchronization

/// Commits concurrent writes together: one transaction, and so one sync of the disk, for as many as wait.
///
/// Each write has a savepoint, so that a failing one leaves its neighbours alone. Callers go on only after the transaction
/// has been committed; where that fails, none of its writes is acknowledged, whatever it had come to.
final class GroupCommit: Sendable {
    /// How many writes share a transaction at most: beyond it a sync costs each of them next to nothing, and the first
    /// waits for the last.
    static let batchSize = 128

    /// A write of some caller's, its result type erased.
    private struct Item: Sendable {
        /// Does the work; what it returns hands the result to the caller, after the commit.
        let perform: @Sendable (WriteTransaction) throws -> @Sendable () -> Void
        let fail: @Sendable (any Error) -> Void
    }

    private let pool: DatabasePool
    private let clock: any WallClock
    private let ids: any IDMaker
    private let logger: Logger
    private let metrics: BatchMetrics
    private let log: WriteAheadLog
    private let queue = Mutex(WriteQueue<Item>(capacity: Limits.storeQueue, batchSize: batchSize))

    init(
        pool: DatabasePool,
        clock: any WallClock,
        ids: any IDMaker,
        logger: Logger,
        metrics: BatchMetrics = BatchMetrics(batch: "writes"),
        logLimitBytes: Int = DatabaseFile.journalSizeLimitBytes
    ) {
        self.pool = pool
        log = WriteAheadLog(of: pool.path, limitBytes: logLimitBytes)
        self.clock = clock
        self.ids = ids
        self.logger = logger
        self.metrics = metrics
    }

    /// How many writes wait.
    var depth: Int { queue.withLock { $0.count } }

    /// Queues a write and returns its result after the commit.
    ///
    /// A caller that is cancelled still waits: its write may stand.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (WriteTransaction) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let item = Item(
                perform: { transaction in
                    let value = try work(transaction)
                    return { continuation.resume(returning: value) }
                },
                fail: { continuation.resume(throwing: $0) }
            )
            switch queue.withLock({ $0.add(item) }) {
            case .wait: break
            case .startWriter: pool.asyncWriteWithoutTransaction { self.commitBatches(in: $0) }
            case .full: item.fail(ParleyError.unavailable("Too many writes are waiting."))
            case .closed: item.fail(ParleyError.unavailable("The store is closing."))
            }
        }
    }

    /// Refuses all writes that come from now on; `false` where that was so already.
    func refuseFurtherWrites() -> Bool {
        queue.withLock { $0.close() }
    }

    private func commitBatches(in db: Database) {
        while true {
            let batch = queue.withLock { $0.takeBatch() }
            if batch.isEmpty { return }
            commit(batch, in: db)
            do {
                try log.keepShort(db)
            } catch {
                // What was committed stands in the log as safely as in the file.
                _ = StoreFault.translate(error, logger: logger)
            }
        }
    }

    private func commit(_ batch: [Item], in db: Database) {
        var answers: [@Sendable () -> Void] = []
        answers.reserveCapacity(batch.count)
        do {
            try db.inTransaction(.immediate) {
                var indexChanges: [IndexChange] = []
                for item in batch {
                    answers.append(try answer(to: item, in: db, indexChanges: &indexChanges))
                }
                for change in indexChanges { try change.apply(in: db) }
                return .commit
            }
        } catch {
            let fault = StoreFault.translate(error, logger: logger)
            logger.error("Writes were not committed.", metadata: [LogKey.batch: "\(batch.count)"])
            for item in batch { item.fail(fault) }
            return
        }
        metrics.ran(count: batch.count)
        for answer in answers { answer() }
    }

    /// Performs one write in its savepoint; throws only where the whole transaction is lost.
    private func answer(
        to item: Item,
        in db: Database,
        indexChanges: inout [IndexChange]
    ) throws -> @Sendable () -> Void {
        let transaction = WriteTransaction(db: db, clock: clock, ids: ids)
        try db.run("SAVEPOINT write")
        do {
            let answer = try item.perform(transaction)
            try db.run("RELEASE write")
            indexChanges += transaction.indexChanges
            return answer
        } catch {
            // SQLite ends the transaction by itself on a full disk, an I/O error and their like.
            guard db.isInsideTransaction else { throw error }
            try db.run("ROLLBACK TO write")
            try db.run("RELEASE write")
            let fault = StoreFault.translate(error, logger: logger)
            return { item.fail(fault) }
        }
    }
}
