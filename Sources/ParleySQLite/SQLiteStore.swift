internal import Dispatch
internal import GRDB
internal import Logging
internal import ParleyCore
internal import ParleyMetrics

/// Conversations, accounts and the query log in one SQLite file.
///
/// What is particular to this store:
/// - A write returns after its transaction was synced to the disk (write-ahead log with `synchronous=FULL`, read back when
///   the file is opened). Concurrent writes share transactions, a savepoint each.
/// - Reads see one snapshot per call and wait for no writer.
/// - Only one server can have the file open, so replies it finds `streaming` are nobody's: ``open(path:clock:ids:logger:)``
///   marks them `interrupted`. ``openBesideServer(path:clock:ids:logger:)`` is for the operator's commands.
/// - A file that is locked, read-only, damaged, of another program or of a newer Parley is refused when it is opened.
public final class SQLiteStore: Sendable {
    let pool: DatabasePool
    let clock: any WallClock
    let logger: Logger
    let writer: GroupCommit
    private let lock: FileLock?
    private let statements: StatementMetrics?

    init(
        pool: DatabasePool,
        lock: FileLock?,
        clock: any WallClock,
        ids: any IDMaker,
        logger: Logger,
        metrics: BatchMetrics = BatchMetrics(batch: "writes"),
        statements: StatementMetrics? = nil
    ) {
        self.statements = statements
        self.pool = pool
        self.lock = lock
        self.clock = clock
        self.logger = logger
        writer = GroupCommit(pool: pool, clock: clock, ids: ids, logger: logger, metrics: metrics)
    }

    /// Waits for the writes under way, folds the log into the file and lets go of it.
    ///
    /// Later calls fail with `unavailable`. Closing a second time does nothing.
    public func close() async throws {
        guard writer.refuseFurtherWrites() else { return }
        // The writer's queue is serial: this comes after the last batch.
        try await pool.writeWithoutTransaction { _ in }
        try await Self.blocking { [pool, lock] in
            defer { lock?.release() }
            // GRDB closes its readers after its writer, and a last connection that can't write leaves the log beside the
            // file: whoever copies only the file would miss what the log holds.
            pool.invalidateReadOnlyConnections()
            try pool.close()
        }
    }

    /// Returns when the file can be read.
    public func check() async throws {
        _ = try await read {
            try $0.first("SELECT count(*) FROM project_member WHERE email = ''", []) { try $0.next(Int.self) }
        }
    }

    /// Reads from one snapshot.
    ///
    /// `name` is what it is called where it was slow.
    func read<Value: Sendable>(
        called name: String = #function,
        _ body: @Sendable (Database) throws -> Value
    ) async throws -> Value {
        do {
            guard let statements else { return try await pool.read(body) }
            return try await statements.timing(name) { try await pool.read(body) }
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
    }

    /// Writes, all or nothing; returns after the commit.
    ///
    /// `name` is what it is called where it was slow, the wait for writes before it included.
    func write<Value: Sendable>(
        called name: String = #function,
        _ body: @escaping @Sendable (WriteTransaction) throws -> Value
    ) async throws -> Value {
        guard let statements else { return try await writer.perform(body) }
        return try await statements.timing(name) { try await writer.perform(body) }
    }

    /// Runs work that blocks its thread away from the cooperative pool.
    static func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async {
                continuation.resume(with: Result(catching: body))
            }
        }
    }
}
