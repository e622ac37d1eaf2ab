internal import Foundation
internal import GRDB
internal import Synchronization

/// Keeps the write-ahead log short.
///
/// SQLite folds the log into the file by itself, but starts it anew only in a moment when nobody reads from it. Under
/// steady reading there is none, and the log would grow for as long as that lasts. So beyond a size it is folded in by
/// force: the writer waits for those who read from it, and new readers find all they need in the file.
final class WriteAheadLog: Sendable {
    /// When the next forced folding is due.
    struct Policy {
        private let limitBytes: Int
        private var dueBytes: Int

        init(limitBytes: Int) {
            self.limitBytes = limitBytes
            dueBytes = limitBytes
        }

        /// Whether a log of this size is to be folded in.
        func isDue(atBytes size: Int) -> Bool { size >= dueBytes }

        /// Notes what a folding left over: where a long reader (a backup) was in its way, the next comes a whole limit later.
        mutating func folded(leavingBytes size: Int) {
            dueBytes = size + limitBytes
        }
    }

    /// How long the writer waits for readers: a backup must not hold up everybody.
    static let patience = Duration.seconds(1)

    private let path: String
    private let policy: Mutex<Policy>

    init(of databasePath: String, limitBytes: Int) {
        path = databasePath + "-wal"
        policy = Mutex(Policy(limitBytes: limitBytes))
    }

    /// Folds the log in where that is due.
    ///
    /// To be called between transactions.
    func keepShort(_ db: Database) throws {
        let size = sizeBytes()
        guard policy.withLock({ $0.isDue(atBytes: size) }) else { return }
        let timeout = try Int.fetchOne(db, sql: "PRAGMA busy_timeout") ?? 0
        try db.execute(sql: "PRAGMA busy_timeout = \(Self.patience.components.seconds * 1000)")
        defer {
            policy.withLock { $0.folded(leavingBytes: sizeBytes()) }
        }
        // Says in a row, not by an error, that readers were in the way.
        try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        try db.execute(sql: "PRAGMA busy_timeout = \(timeout)")
    }

    private func sizeBytes() -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
