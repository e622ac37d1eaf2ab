internal import Foundation
internal import GRDB
public import Logging
public import ParleyCore
public import ParleyMetrics

extension SQLiteStore {
    /// Opens a file, or makes it with rights for its owner only.
    ///
    /// - Parameters:
    ///   - path: The file; beside it stand its log (`-wal`, `-shm`) and `.lock`. Its directory must exist.
    ///   - clock: Tells the times that are stored.
    ///   - ids: Makes the ids that are stored.
    ///   - logger: Takes faults of the file; never a text of a message.
    ///   - metrics: Counts how many writes share a commit.
    ///   - statements: Counts and logs what took too long.
    ///   - isCopy: Whether it is to be a copy of another store, whose replies aren't this process's to interrupt.
    /// - Returns: The store, its schema brought up to date, and replies of a dead process marked `interrupted`.
    /// - Throws: ``ParleyError`` with code `unavailable`, whose message names the path and says what the operator can do.
    public static func open(
        path: String,
        clock: any WallClock = SystemClock(),
        ids: any IDMaker = UUIDv7Maker(),
        logger: Logger,
        metrics: BatchMetrics = BatchMetrics(batch: "writes"),
        statements: StatementMetrics? = nil,
        isCopy: Bool = false
    ) async throws -> SQLiteStore {
        let store = try await blocking {
            let lock = try FileLock.acquire(besides: path)
            do {
                try DatabaseFile.create(path)
                try DatabaseFile.inspect(path, clock: clock)
                let pool = try DatabaseFile.open(path, clock: clock)
                return SQLiteStore(
                    pool: pool,
                    lock: lock,
                    clock: clock,
                    ids: ids,
                    logger: logger,
                    metrics: metrics,
                    statements: statements
                )
            } catch {
                lock.release()
                throw DatabaseFile.openingError(error, path: path)
            }
        }
        if isCopy { return store }
        do {
            let interrupted = try await store.interruptReplies(expiredBy: nil)
            logger.debug(
                "Opened the database.",
                metadata: [LogKey.path: "\(path)", LogKey.interruptedReplies: "\(interrupted.value)"]
            )
            return store
        } catch {
            try? await store.close()  // The first error is the one to tell; the process ends with it.
            throw DatabaseFile.openingError(error, path: path)
        }
    }

    /// Opens a file for a short command, also while a server has it open.
    ///
    /// Where no server has it, this is ``open(path:clock:ids:logger:)``. Where one has, nothing is brought up to date and
    /// no reply is touched; a schema of another version is refused. With `isCopy` no reply is touched in any case.
    public static func openBesideServer(
        path: String,
        clock: any WallClock = SystemClock(),
        ids: any IDMaker = UUIDv7Maker(),
        logger: Logger,
        isCopy: Bool = false
    ) async throws -> SQLiteStore {
        guard try await blocking({ try FileLock.isHeld(besides: path) }) else {
            return try await open(path: path, clock: clock, ids: ids, logger: logger, isCopy: isCopy)
        }
        return try await blocking {
            do {
                let pool = try DatabaseFile.open(path, clock: clock, migrating: false)
                return SQLiteStore(pool: pool, lock: nil, clock: clock, ids: ids, logger: logger)
            } catch {
                throw DatabaseFile.openingError(error, path: path)
            }
        }
    }
}

/// The keys of this module's log lines.
enum LogKey {
    static let path = "db.path"
    static let code = "db.code"
    static let sql = "db.sql"
    static let batch = "db.batch"
    static let error = "error"
    static let interruptedReplies = "replies.interrupted"
}
