/// What a caller gives to make a project, checked by ``Rules`` before it reaches a store.
public struct NewProject: Hashable, Sendable {
    /// The client's own id, for retries.
    public var id: ProjectID?
    /// The name.
    public var name: String
    /// What it is for.
    public var description: String?
    /// The persona that answers in it.
    public var persona: String?
    /// For how many days after their last change conversations are kept; none means forever.
    public var retentionDays: Int?

    /// Makes an input.
    public init(
        id: ProjectID? = nil,
        name: String,
        description: String? = nil,
        persona: String? = nil,
        retentionDays: Int? = nil
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.persona = persona
        self.retentionDays = retentionDays
    }
}

/// What changes in a project; `nil` leaves a field as it is, `.some(nil)` clears it.
public struct ProjectChanges: Hashable, Sendable {
    /// The new name.
    public var name: String?
    /// The new description.
    public var description: String??
    /// The new persona.
    public var persona: String??
    /// For how many days conversations are kept from now on.
    public var retentionDays: Int??

    /// Makes a set of changes.
    public init(
        name: String? = nil,
        description: String?? = nil,
        persona: String?? = nil,
        retentionDays: Int?? = nil
    ) {
        self.name = name
        self.description = description
        self.persona = persona
        self.retentionDays = retentionDays
    }
}

/// What a caller gives to make a conversation.
public struct NewConversation: Hashable, Sendable {
    /// The client's own id, for retries.
    public var id: ConversationID?
    /// The title; none means ``Conversation/defaultTitle``, until a turn titles it.
    public var title: String?
    /// What it is about.
    public var description: String?
    /// The project; none means the caller's personal one.
    public var projectID: ProjectID?
    /// The client's own data.
    public var metadata: JSONObject

    /// Makes an input.
    public init(
        id: ConversationID? = nil,
        title: String? = nil,
        description: String? = nil,
        projectID: ProjectID? = nil,
        metadata: JSONObject = JSONObject()
    ) {
        self.id = id
        self.title = title
        self.description = description
        self.projectID = projectID
        self.metadata = metadata
    }
}

/// What changes in a conversation; `nil` leaves a field as it is, `.some(nil)` clears it.
public struct ConversationChanges: Hashable, Sendable {
    /// The new title: given by a person, so no turn changes it again.
    public var title: String?
    /// The new description.
    public var description: String??
    /// The new status.
    public var status: ConversationStatus?
    /// Whether it is pinned.
    public var isPinned: Bool?
    /// The new metadata, whole.
    public var metadata: JSONObject?
    /// The project to move to; the caller must be allowed to write in both.
    public var projectID: ProjectID?

    /// Makes a set of changes.
    public init(
        title: String? = nil,
        description: String?? = nil,
        status: ConversationStatus? = nil,
        isPinned: Bool? = nil,
        metadata: JSONObject? = nil,
        projectID: ProjectID? = nil
    ) {
        self.title = title
        self.description = description
        self.status = status
        self.isPinned = isPinned
        self.metadata = metadata
        self.projectID = projectID
    }
}

/// What a caller gives to fork a conversation.
public struct ForkRequest: Hashable, Sendable {
    /// The last message to take.
    public var seq: Int
    /// The client's own id for the new conversation, for retries.
    public var id: ConversationID?
    /// The new title; none means the source's.
    public var title: String?
    /// The revision of the source that the caller knows.
    public var expectedRevision: Int?

    /// Makes an input.
    public init(seq: Int, id: ConversationID? = nil, title: String? = nil, expectedRevision: Int? = nil) {
        self.seq = seq
        self.id = id
        self.title = title
        self.expectedRevision = expectedRevision
    }
}

/// What a caller gives to append a message.
public struct NewMessage: Hashable, Sendable {
    /// The client's own id, for retries.
    public var id: MessageID?
    /// Who speaks.
    public var role: MessageRole
    /// The text.
    public var content: String
    /// What is more than text.
    public var parts: [JSON]?
    /// The client's own data.
    public var metadata: JSONObject
    /// The passages it was made with.
    public var contexts: [JSON]?
    /// A structured answer.
    public var aiResponse: JSON?
    /// How sure the answer is, 0 to 1.
    public var confidence: Double?
    /// The model that wrote it.
    public var model: String?

    /// Makes an input.
    public init(
        id: MessageID? = nil,
        role: MessageRole,
        content: String,
        parts: [JSON]? = nil,
        metadata: JSONObject = JSONObject(),
        contexts: [JSON]? = nil,
        aiResponse: JSON? = nil,
        confidence: Double? = nil,
        model: String? = nil
    ) {
        self.id = id
        self.role = role
        self.content = content
        self.parts = parts
        self.metadata = metadata
        self.contexts = contexts
        self.aiResponse = aiResponse
        self.confidence = confidence
        self.model = model
    }
}

/// What changes in a message; `nil` leaves a field as it is.
public struct MessageChanges: Hashable, Sendable {
    /// The new text; the one before becomes a ``MessageVersion``.
    public var content: String?
    /// The new metadata, whole.
    public var metadata: JSONObject?

    /// Makes a set of changes.
    public init(content: String? = nil, metadata: JSONObject? = nil) {
        self.content = content
        self.metadata = metadata
    }
}

/// Which conversations a list holds.
public struct ConversationFilter: Hashable, Sendable {
    /// Only this project's; none means all the caller sees.
    public var projectID: ProjectID?
    /// Only those of this status.
    public var status: ConversationStatus?
    /// Only those whose title matches.
    public var query: SearchQuery?
    /// Only those that are pinned, or that aren't.
    public var isPinned: Bool?

    /// Makes a filter.
    public init(
        projectID: ProjectID? = nil,
        status: ConversationStatus? = nil,
        query: SearchQuery? = nil,
        isPinned: Bool? = nil
    ) {
        self.projectID = projectID
        self.status = status
        self.query = query
        self.isPinned = isPinned
    }
}

/// Which part of a log a read asks for; messages always come oldest first.
public enum MessageRange: Hashable, Sendable {
    /// The newest.
    case newest
    /// The newest before a `seq`.
    case before(Int)
    /// The oldest after a `seq`.
    case after(Int)
}

/// A part of a log.
public struct MessagePage: Hashable, Sendable {
    /// Messages, oldest first.
    public var messages: [Message]
    /// Whether there are more in the direction that was read.
    public var hasMore: Bool

    /// Makes a page.
    public init(messages: [Message], hasMore: Bool) {
        self.messages = messages
        self.hasMore = hasMore
    }
}

/// What changed in a conversation since a revision.
public struct ChangePage: Hashable, Sendable {
    /// The conversation as it is now.
    public var conversation: Conversation
    /// The messages that changed, as they are now, by the revision of their last change.
    public var messages: [Message]
    /// The last revision included: where to go on.
    public var revision: Int
    /// Whether there are more.
    public var hasMore: Bool

    /// Makes a page.
    public init(conversation: Conversation, messages: [Message], revision: Int, hasMore: Bool) {
        self.conversation = conversation
        self.messages = messages
        self.revision = revision
        self.hasMore = hasMore
    }
}

/// A message that a search found.
public struct SearchHit: Hashable, Sendable {
    /// The conversation it stands in.
    public let conversation: Conversation
    /// The message.
    public let message: Message
    /// The text round the first match, as ``SearchQuery/snippet(of:)`` cuts it.
    public let snippet: String

    /// Makes a hit.
    public init(conversation: Conversation, message: Message, snippet: String) {
        self.conversation = conversation
        self.message = message
        self.snippet = snippet
    }
}
