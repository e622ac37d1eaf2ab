internal import GRDB
internal import ParleyCore

/// What one write works with: the database inside its savepoint, the time, and the changes to the search index.
///
/// It lives on the writer's thread for the time of one write.
final class WriteTransaction {
    let db: Database
    let ids: any IDMaker
    private let clock: any WallClock
    /// The changes to the search indices, in order.
    ///
    /// They are made at the end of the batch, all at once: FTS5 flushes its pending terms to the disk whenever a
    /// savepoint opens, which would cost each write an index segment of its own.
    private(set) var indexChanges: [IndexChange] = []

    /// One time for the whole write.
    private(set) lazy var now = clock.now()

    init(db: Database, clock: any WallClock, ids: any IDMaker) {
        self.db = db
        self.clock = clock
        self.ids = ids
    }

    /// Changes a search index when the batch commits.
    func index(_ change: IndexChange) {
        indexChanges.append(change)
    }
}
