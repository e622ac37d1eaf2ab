public import ParleyCore

/// Tells an ``EventBus`` of every change that another store commits.
///
/// A write's changes are published after its commit and before it returns; a write that failed, or only repeated another,
/// publishes nothing. Committed pieces of a reply become one delta each. Reads pass through.
///
/// An event is never lost to a failing bus for good: whoever misses one finds out by revision.
public struct PublishingStore: WrappingStore {
    /// The store whose changes are published.
    public let wrapped: any ConversationStore
    private let bus: any EventBus
    private let clock: any WallClock

    /// Wraps a store; `clock` gives deltas their times.
    public init(_ base: any ConversationStore, bus: any EventBus, clock: any WallClock = SystemClock()) {
        wrapped = base
        self.bus = bus
        self.clock = clock
    }

    /// Publishes what a commit brought about, and hands it on.
    public func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> {
        if !commit.changes.isEmpty { await bus.publish(commit.changes.map { Event($0) }) }
        return commit
    }

    /// Commits pieces of a reply, then publishes a delta for each.
    public func appendPieces(
        _ pieces: [String],
        at index: Int,
        under lease: ReplyLease
    ) async throws -> LeaseState {
        let state = try await wrapped.appendPieces(pieces, at: index, under: lease)
        let time = clock.now()
        let events = pieces.enumerated().map { offset, text in
            Event(
                projectID: lease.projectID,
                conversationID: lease.conversationID,
                kind: .delta(ReplyDelta(messageID: lease.messageID, index: index + offset, text: text)),
                timestamp: time
            )
        }
        if !events.isEmpty { await bus.publish(events) }
        return state
    }
}
