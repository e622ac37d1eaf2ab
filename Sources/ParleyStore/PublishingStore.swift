public import ParleyCore

/// Tells an ``EventBus`` of every change that another store commits.
///
/// A write's changes are published after its commit and before it returns, and behind them who may see more or less by it; a
/// write that failed, or only repeated another, publishes nothing. The project that a conversation has left is told of it. Committed pieces of a reply become one delta each. Reads pass through.
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
        var events = commit.changes.map { Event($0) }
        if let project = commit.movedFrom, case .conversationUpdated(let conversation)? = commit.changes.last {
            events.append(Event(moving: conversation, from: project))
        }
        if !events.isEmpty { await bus.publish(events) }
        for notice in commit.notices { await bus.announce(notice) }
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

extension Event {
    /// For those who were in a conversation's project before it moved.
    fileprivate init(moving conversation: Conversation, from project: ProjectID) {
        self.init(
            projectID: project,
            conversationID: conversation.id,
            kind: .movedAway(revision: conversation.revision),
            timestamp: conversation.updatedAt
        )
    }
}
