internal import LibPQ
internal import ParleyCore

/// What one write works with: its open transaction, one time for all of it, and the makers of ids and tags.
///
/// Rows are locked in one order, so that writes wait for each other and don't stand in a circle: the project, then the
/// conversation, then what belongs to it. Where there is a circle all the same, the transaction is done anew.
struct WriteTransaction: Sendable {
    let db: PostgresConnection
    let now: Timestamp
    let leaseTime: LeaseTime
    let ids: any IDMaker
    private let tags: TagMaker

    init(db: PostgresConnection, now: Timestamp, leaseTime: LeaseTime, ids: any IDMaker, tags: TagMaker) {
        self.db = db
        self.now = now
        self.leaseTime = leaseTime
        self.ids = ids
        self.tags = tags
    }

    /// A name for the version of a log that a write makes.
    func newTag() -> LogTag { tags.make() }
}
