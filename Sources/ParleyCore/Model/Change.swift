/// One committed change: what a store hands back with its write, and what becomes an ``Event``.
public enum Change: Hashable, Sendable {
    /// A conversation was made (by a create, a turn or a fork).
    case conversationCreated(Conversation)
    /// A conversation's own fields changed.
    case conversationUpdated(Conversation)
    /// A conversation was deleted; this is what it was, with the deletion's revision.
    case conversationDeleted(Conversation)
    /// A message was appended; its `revision` is the conversation's.
    case messageAppended(Message)
    /// A message changed: edited, reacted to, finished, failed, interrupted, regenerated, deleted.
    case messageUpdated(Message)
}

/// What a write returns: the value, and what was committed to bring it about.
///
/// No changes means that nothing was written: the write was a repetition and the value is what the first one made, as it
/// is now. So `isReplay` is what turns a 201 into a 200.
public struct Commit<Value: Sendable>: Sendable {
    /// What the caller asked for.
    public var value: Value
    /// What was committed, in order of revision.
    public var changes: [Change]
    /// Whether the call repeated an earlier one and nothing was written.
    public var isReplay: Bool
    /// From which version of the log to which each `messageAppended` of `changes` led, in their order.
    ///
    /// Empty where the store keeps no versions, or doesn't know.
    public var steps: [LogStep] = []

    /// Makes a commit that wrote something, or that found everything as it should be.
    public init(_ value: Value, changes: [Change], isReplay: Bool = false) {
        self.value = value
        self.changes = changes
        self.isReplay = isReplay
    }

    /// A repetition: nothing was written.
    public static func replay(_ value: Value) -> Self {
        Self(value, changes: [], isReplay: true)
    }
}
