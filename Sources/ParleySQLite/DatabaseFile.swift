internal import Foundation
internal import GRDB
internal import ParleyCore

/// The steps from a path to a database that keeps its promises.
enum DatabaseFile {
    /// `PRLY`, in the file's header: tells Parley's files from other programs'.
    static let applicationID: Int32 = 0x5052_4C59
    /// How long a statement waits for another program that reads or backs up the file.
    static let busyTimeout: TimeInterval = 5
    /// How long the write-ahead log may get, and what it is cut back to after a burst, in bytes.
    static let journalSizeLimitBytes = 64 * 1024 * 1024

    /// Makes the file where there is none, readable for its owner only, and durably so.
    static func create(_ path: String) throws {
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return }
            throw ParleyError(
                .unavailable,
                "The database \(path) can't be made (\(String(cString: strerror(errno))))."
            )
        }
        Foundation.close(descriptor)
        // The name of a new file is the directory's data: without this a power cut could take the file as a whole.
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let directory = Foundation.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        defer { Foundation.close(directory) }
        guard fsync(directory) == 0 else {
            throw ParleyError(
                .unavailable,
                "The directory \(parent) can't be synced (\(String(cString: strerror(errno))))."
            )
        }
    }

    /// Refuses a file that is not ours to change, before anything in it is changed.
    static func inspect(_ path: String, clock: any WallClock) throws {
        let queue = try DatabaseQueue(path: path, configuration: configuration(clock: clock))
        defer {
            // Nothing was written through it; what closing could fail at, opening the pool will tell.
            try? queue.close()
        }
        try queue.writeWithoutTransaction { db in
            let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
            let owner = try Int32.fetchOne(db, sql: "PRAGMA application_id")
            guard isEmpty || owner == applicationID else {
                throw ParleyError(.unavailable, "\(path) is a database of another program, not of Parley.")
            }
            guard try !Schema.migrator.hasBeenSuperseded(db) else {
                throw ParleyError(
                    .unavailable,
                    "The database \(path) was written by a newer version of Parley; run that version or a later one."
                )
            }
            // Finds out by trying whether the file and its directory can be written: rights alone don't tell.
            try db.inTransaction(.immediate) {
                try db.execute(sql: "PRAGMA application_id = \(applicationID)")
                return .commit
            }
        }
    }

    /// Opens the file with its durable settings on, checks them, and brings the schema up to date.
    ///
    /// Without `migrating` a schema that is not up to date is refused.
    static func open(_ path: String, clock: any WallClock, migrating: Bool = true) throws -> DatabasePool {
        let pool = try DatabasePool(path: path, configuration: configuration(clock: clock))
        // `DatabasePool` sets NORMAL after its configuration has been applied: FULL must come later, and be seen to hold.
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA journal_size_limit = \(journalSizeLimitBytes)")
            for (pragma, expected) in Settings.required
            where try String.fetchOne(db, sql: "PRAGMA \(pragma)") != expected {
                throw ParleyError(
                    .unavailable,
                    "The database \(path) can't be opened safely: SQLite refuses \(pragma) = \(expected)."
                )
            }
        }
        if migrating {
            try Schema.migrator.migrate(pool)
        } else if try !pool.read(Schema.migrator.hasCompletedMigrations) {
            throw ParleyError(
                .unavailable,
                "The database \(path) is in use by a server of another version of Parley; restart that server first."
            )
        }
        return pool
    }

    /// What the writer's settings must read as.
    enum Settings {
        static let required = [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")]
    }

    /// The error of a failed opening, for the operator.
    static func openingError(_ error: any Error, path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        let reason =
            switch error.resultCode {
            case .SQLITE_NOTADB: "it is not a SQLite database, or its first page is damaged"
            case .SQLITE_CORRUPT: "it is damaged; restore it from a backup, or try sqlite3's .recover"
            case .SQLITE_READONLY: "it can't be written; check the rights of the file and its directory"
            case .SQLITE_CANTOPEN: "SQLite can't open it; check that it is a file and Parley has rights to it"
            case .SQLITE_BUSY, .SQLITE_LOCKED: "another program holds it locked"
            case .SQLITE_FULL: "the disk is full"
            case .SQLITE_IOERR: "the disk reports an error"
            default: "SQLite answers \(error.extendedResultCode.rawValue), \(error.message ?? "without a reason")"
            }
        return ParleyError(.unavailable, "The database \(path) can't be opened: \(reason).", cause: error)
    }

    private static func configuration(clock: any WallClock) -> Configuration {
        var configuration = Configuration()
        configuration.label = "parley"
        configuration.busyMode = .timeout(busyTimeout)
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = max(4, ProcessInfo.processInfo.activeProcessorCount)
        configuration.prepareDatabase { db in
            // Sorting must not need a disk that may be full; a schema must not call functions behind our back.
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            try db.execute(sql: "PRAGMA trusted_schema = OFF")
            db.add(function: Retention.now(by: clock))
        }
        return configuration
    }
}
