/// An ordered log of messages, in one project.
public struct Conversation: Hashable, Sendable {
    /// The conversation's id.
    public let id: ConversationID
    /// The project it lives in.
    public var projectID: ProjectID
    /// Who made it.
    public let owner: EmailAddress
    /// Its title.
    public var title: String
    /// What it is about.
    public var description: String?
    /// Whether it is in use or put away.
    public var status: ConversationStatus
    /// Whether it is kept on top.
    public var isPinned: Bool
    /// The client's own data.
    public var metadata: JSONObject
    /// How many messages the log holds, deleted ones included; the highest `seq`.
    public var messageCount: Int
    /// The number of the last committed change; a new conversation has 1.
    public var revision: Int
    /// The beginning of the newest message that is not deleted and has text, as ``MessageText/preview(of:)`` cuts it.
    ///
    /// Of a running reply that is the text so far. Read in lists and with messages; a ``Change`` may leave it out.
    public var preview: String?
    /// When it was made.
    public let createdAt: Timestamp
    /// When it last changed.
    public var updatedAt: Timestamp
    /// When the newest message was appended.
    public var lastMessageAt: Timestamp?
    /// What it was forked from.
    public let forkedFrom: ForkOrigin?
    /// Whether a person gave the title, so that no program changes it; clients are not told.
    public var hasGivenTitle: Bool

    /// Makes a conversation.
    public init(
        id: ConversationID,
        projectID: ProjectID,
        owner: EmailAddress,
        title: String,
        description: String? = nil,
        status: ConversationStatus = .active,
        isPinned: Bool = false,
        metadata: JSONObject = JSONObject(),
        messageCount: Int = 0,
        revision: Int = 1,
        preview: String? = nil,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        lastMessageAt: Timestamp? = nil,
        forkedFrom: ForkOrigin? = nil,
        hasGivenTitle: Bool = false
    ) {
        self.id = id
        self.projectID = projectID
        self.owner = owner
        self.title = title
        self.description = description
        self.status = status
        self.isPinned = isPinned
        self.metadata = metadata
        self.messageCount = messageCount
        self.revision = revision
        self.preview = preview
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.lastMessageAt = lastMessageAt
        self.forkedFrom = forkedFrom
        self.hasGivenTitle = hasGivenTitle
    }

    /// The title of a conversation that nobody has named.
    public static let defaultTitle = "New Conversation"
}

/// Whether a conversation is in use.
public enum ConversationStatus: String, Hashable, Sendable, CaseIterable {
    /// In use.
    case active
    /// Put away; nothing else changes.
    case archived
}

/// Where a fork came from.
public struct ForkOrigin: Hashable, Sendable {
    /// The conversation that was forked.
    public let conversationID: ConversationID
    /// The last message that was taken.
    public let seq: Int

    /// Makes an origin.
    public init(conversationID: ConversationID, seq: Int) {
        self.conversationID = conversationID
        self.seq = seq
    }
}
