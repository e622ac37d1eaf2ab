import ParleyCore

/// How far a follower has come in a reply, and what each signal means to it: pieces are shown in order and once, however
/// events are delayed, doubled or lost on their way.
struct ReplyCursor: Sendable {
    /// What a follower does next.
    enum Step: Hashable, Sendable {
        /// Show these pieces.
        case show([ReplyDelta])
        /// Show the whole message; the reply has ended.
        case end(Message)
        /// The reply is gone with its conversation.
        case gone
        /// Something may be missing: read what is committed behind ``ReplyCursor/lastIndex``.
        case readProgress
        /// Nothing: wait for the next signal.
        case wait
    }

    private let id: MessageID
    // What is known of the reply's state; older news of it are stale.
    private var revision = 0

    /// The last piece shown; -1 for none.
    private(set) var lastIndex: Int

    /// A cursor behind the piece that the follower has already.
    init(following id: MessageID, after index: Int) {
        self.id = id
        lastIndex = max(-1, index)
    }

    /// What to do about a signal.
    mutating func step(to signal: Signal) -> Step {
        guard case .event(let event) = signal else { return .readProgress }
        switch event.kind {
        case .delta(let delta):
            guard delta.messageID == id, delta.index > lastIndex else { return .wait }
            guard delta.index == lastIndex + 1 else { return .readProgress }
            lastIndex = delta.index
            return .show([delta])
        case .change(.messageUpdated(let message)), .change(.messageAppended(let message)):
            guard message.id == id, message.revision > revision else { return .wait }
            // Still streaming: it was begun anew, or somebody reacted to it.
            return message.status == .streaming ? .readProgress : .end(message)
        case .change(.conversationDeleted): return .gone
        // It may stand in another project now, where the follower is nobody.
        case .change(.conversationUpdated), .movedAway: return .readProgress
        case .change(.conversationCreated), .typing: return .wait
        }
    }

    /// What to do about what the store says, asked for the pieces behind ``lastIndex``.
    mutating func step(to progress: ReplyProgress) -> Step {
        revision = max(revision, progress.message.revision)
        guard progress.message.status == .streaming else { return .end(progress.message) }
        if let nextIndex = progress.message.nextIndex, lastIndex >= nextIndex {
            // The pieces that were seen belong to the version before: this one is shown from its beginning.
            lastIndex = -1
            return nextIndex > 0 ? .readProgress : .wait
        }
        guard let last = progress.deltas.last else { return .wait }
        lastIndex = last.index
        return .show(progress.deltas)
    }
}
