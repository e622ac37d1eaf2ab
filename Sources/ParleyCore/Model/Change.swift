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
/// No changes means that nothing was written in any conversation. Where `isReplay` is set, nothing was written at all: the
/// write was a repetition and the value is what the first one made, as it is now. So it is what turns a 201 into a 200.
public struct Commit<Value: Sendable>: Sendable {
    /// What the caller asked for.
    public var value: Value
    /// What was committed, in order of revision.
    public var changes: [Change]
    /// Whether the call repeated an earlier one and nothing was written.
    public var isReplay: Bool
    /// Who may see more or less than before by it, or has seen more, behind the changes.
    public var notices: [AccessNotice] = []
    /// The project that the changed conversation has left for another; `nil` where it stays.
    public var movedFrom: ProjectID?
    /// From which version of the log to which each `messageAppended` of `changes` led, in their order.
    ///
    /// Empty where the store keeps no versions, or doesn't know.
    public var steps: [LogStep] = []

    /// Makes a commit that wrote something, or that found everything as it should be.
    public init(
        _ value: Value,
        changes: [Change],
        notices: [AccessNotice] = [],
        movedFrom: ProjectID? = nil,
        isReplay: Bool = false
    ) {
        self.value = value
        self.changes = changes
        self.notices = notices
        self.movedFrom = movedFrom
        self.isReplay = isReplay
    }

    /// A repetition: nothing was written.
    public static func replay(_ value: Value) -> Self {
        Self(value, changes: [], isReplay: true)
    }
}

extension Commit where Value == Project {
    /// A project after somebody has joined or left it: nothing happened in its conversations.
    public static func membership(
        _ project: Project,
        joined: EmailAddress? = nil,
        left: EmailAddress? = nil
    ) -> Self {
        let notices =
            [joined.map { AccessNotice.memberJoined($0, project.id) }, left.map { .memberLeft($0, project.id) }]
        return Self(project, changes: [], notices: notices.compactMap(\.self))
    }
}

extension Commit where Value == ReadMark {
    /// A mark that a person has moved: nothing happened in the conversation.
    public static func read(_ mark: ReadMark, by person: EmailAddress) -> Self {
        Self(mark, changes: [], notices: [.read(person, mark)])
    }
}
