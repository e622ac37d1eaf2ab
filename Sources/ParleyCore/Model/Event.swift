/// What interested sockets and streams are told, after it was committed.
///
/// Events of one conversation may arrive out of order or twice: they are folded by revision, deltas by index.
public struct Event: Hashable, Sendable {
    /// What happened.
    public enum Kind: Hashable, Sendable {
        /// A committed change.
        case change(Change)
        /// Committed pieces of a running reply; no revision.
        case delta(ReplyDelta)
        /// Somebody is writing. Nothing is committed by it, and nothing is lost with it; no revision.
        case typing(Typing)
        /// The conversation has left this project for another, by the change of this revision: who is in this one alone
        /// can't see it any more.
        case movedAway(revision: Int)
    }

    /// The project whose members may know.
    public let projectID: ProjectID
    /// The conversation it happened in.
    public let conversationID: ConversationID
    /// What happened.
    public let kind: Kind
    /// When it was committed.
    public let timestamp: Timestamp

    /// Makes an event.
    public init(projectID: ProjectID, conversationID: ConversationID, kind: Kind, timestamp: Timestamp) {
        self.projectID = projectID
        self.conversationID = conversationID
        self.kind = kind
        self.timestamp = timestamp
    }

    /// The event of a change.
    public init(_ change: Change) {
        kind = .change(change)
        switch change {
        case .conversationCreated(let conversation), .conversationUpdated(let conversation),
            .conversationDeleted(let conversation):
            projectID = conversation.projectID
            conversationID = conversation.id
            timestamp = conversation.updatedAt
        case .messageAppended(let message), .messageUpdated(let message):
            projectID = message.projectID
            conversationID = message.conversationID
            timestamp = message.updatedAt
        }
    }
}

extension Event {
    /// Whether nobody misses anything who is not told of it: then it may be dropped where there is no room for it.
    public var isDispensable: Bool {
        if case .typing = kind { true } else { false }
    }
}

/// A committed piece of a running reply.
public struct ReplyDelta: Hashable, Sendable {
    /// The reply.
    public let messageID: MessageID
    /// The piece's place, counted from 0.
    public let index: Int
    /// The piece's text.
    public let text: String

    /// Makes a delta.
    public init(messageID: MessageID, index: Int, text: String) {
        self.messageID = messageID
        self.index = index
        self.text = text
    }
}

/// Somebody is writing in a conversation.
public struct Typing: Hashable, Sendable {
    /// Who.
    public let user: EmailAddress
    /// The connection they write on, which needn't be told.
    public let connection: ConnectionID

    /// Makes a notice.
    public init(user: EmailAddress, connection: ConnectionID) {
        self.user = user
        self.connection = connection
    }
}

/// What a connection's id names: one socket or stream of events.
public enum Connection {}
/// Tells one socket or stream of events from all others.
public typealias ConnectionID = ID<Connection>
