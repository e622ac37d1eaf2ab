internal import LibPQ
internal import Logging
internal import ParleyCore
internal import ParleyMetrics

/// Conversations, accounts and the query log in PostgreSQL 15 or later.
///
/// What is particular to this store:
/// - A write returns after its transaction was committed with `synchronous_commit=on`. Appends and pieces of replies that
///   come at the same time share a statement, and so one sync of the disk.
/// - Reads are one statement each, on connections that reads share: one snapshot, and no waiting for a writer.
/// - Any number of instances may use one database, and may be started at the same time.
/// - Where the server can't be reached or doesn't answer in time, calls fail with `unavailable`; whether a write took effect
///   is then open, and its repetition finds out. It connects anew by itself.
public final class PostgresStore: Sendable {
    let reader: PostgresReader
    let transactions: PostgresPool
    /// For what takes as long as it is large, so that nobody else's writes stand behind it.
    let longTransactions: PostgresPool
    let clock: any WallClock
    let ids: any IDMaker
    let tags: TagMaker
    let leaseTime: LeaseTime
    let logger: Logger
    let metrics: PostgresMetrics
    let appends: GroupCommitter<AppendCall, AppendOutcome>
    let pieces: GroupCommitter<PieceCall, LeaseState?>
    private let appendPool: PostgresPool
    private let piecePool: PostgresPool
    /// Settings of the server under which an acknowledged write may be lost, in a sentence each, as they were when the store
    /// was opened.
    public let warnings: [String]

    init(
        _ settings: PostgresStoreSettings,
        clock: any WallClock,
        ids: any IDMaker,
        logger: Logger,
        metrics: PostgresMetrics = PostgresMetrics(),
        warnings: [String] = []
    ) {
        self.metrics = metrics
        let leaseTime = LeaseTime(clock: settings.leasesGoByStoreClock ? clock : nil)
        self.leaseTime = leaseTime
        self.clock = clock
        self.ids = ids
        self.logger = logger
        self.warnings = warnings
        let tags = TagMaker()
        self.tags = tags
        appendPool = PostgresPool(settings.batchPool(of: settings.lanes, .appends, metrics))
        piecePool = PostgresPool(settings.batchPool(of: 1, .replies, metrics))
        var commits = GroupCommitSettings()
        commits.capacity = Limits.storeQueue
        commits.waitingTime = settings.acquireTimeout
        commits.lanes = settings.lanes
        let appendBatch = AppendBatch(clock: clock, tags: tags, metrics: metrics)
        appends = GroupCommitter(pool: appendPool, settings: commits, commit: appendBatch.write)
        commits.lanes = 1
        pieces = GroupCommitter(
            pool: piecePool,
            settings: commits,
            commit: PieceBatch(time: leaseTime, metrics: metrics).write
        )
        reader = PostgresReader(settings.pool(of: settings.readers, .reads, metrics))
        transactions = PostgresPool(settings.transactionPool(of: settings.transactions, .transactions, metrics))
        longTransactions = PostgresPool(
            settings.transactionPool(of: settings.longTransactions, .longTransactions, metrics)
        )
    }

    /// Keeps the connections, until the store is closed or the task cancelled.
    ///
    /// Once only; calls fail while it doesn't run.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await self.reader.run() }
            group.addTask { await self.transactions.run() }
            group.addTask { await self.longTransactions.run() }
            group.addTask { await self.appendPool.run() }
            group.addTask { await self.piecePool.run() }
            group.addTask {
                await self.appends.run()
                self.appendPool.close()
            }
            group.addTask {
                await self.pieces.run()
                self.piecePool.close()
            }
        }
    }

    /// Refuses all calls from now on; those under way are finished, and then ``run()`` returns.
    public func close() {
        reader.close()
        transactions.close()
        longTransactions.close()
        // Their connections go when what waits is written.
        appends.close()
        pieces.close()
    }

    /// Says how the pools are now: for gauges, which are read now and then.
    public func countConnections() {
        let now: [(PoolName, PostgresPoolStatus)] = [
            (.reads, reader.status), (.transactions, transactions.status),
            (.longTransactions, longTransactions.status), (.appends, appendPool.status),
            (.replies, piecePool.status),
        ]
        for (name, status) in now {
            metrics.pool(name)?.now(open: status.open, lent: status.lent, waiting: status.waiting)
        }
    }

    /// Returns when the server answers.
    public func check() async throws {
        _ = try await read { try await $0.exists("SELECT 1", []) }
    }

    /// Reads by one statement.
    ///
    /// `name` is what it is called where it was slow.
    func read<Value: Sendable>(
        called name: String = #function,
        _ body: (PostgresReader) async throws -> Value
    ) async throws -> Value {
        do {
            return try await metrics.timing(name) { try await body(reader) }
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
    }

    /// Makes values of what a read has brought.
    func decoding<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
    }

    /// Writes in a transaction, all or nothing; returns after the commit.
    ///
    /// The body may be executed several times. What takes as long as it is large (`isLong`) has connections of its own.
    func write<Value: Sendable>(
        called name: String = #function,
        isLong: Bool = false,
        _ body: (WriteTransaction) async throws -> Value
    ) async throws -> Value {
        do {
            return try await metrics.timing(name) {
                try await (isLong ? longTransactions : transactions).transaction { connection in
                    try await body(
                        WriteTransaction(
                            db: connection,
                            now: clock.now(),
                            leaseTime: leaseTime,
                            ids: ids,
                            tags: tags
                        )
                    )
                }
            }
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
    }
}
