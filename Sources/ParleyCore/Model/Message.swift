/// One entry of a conversation's log.
public struct Message: Hashable, Sendable {
    /// The message's id, unique within its conversation.
    public let id: MessageID
    /// The conversation it is an entry of.
    public let conversationID: ConversationID
    /// The project of that conversation.
    public var projectID: ProjectID
    /// Its place in the log: 1, 2, 3 …, gapless.
    public let seq: Int
    /// The conversation's revision at which this message last changed.
    public var revision: Int
    /// Who speaks.
    public let role: MessageRole
    /// Whose message it is; only of user messages.
    public let author: EmailAddress?
    /// The text; of a reply that is streaming, what has been committed so far.
    public var content: String
    /// What is more than text, as it came in.
    public var parts: [JSON]?
    /// How far it has come.
    public var status: MessageStatus
    /// Whether a person changed the text.
    public var isEdited: Bool
    /// Reactions in the order of each emoji's first use.
    public var reactions: [Reaction]
    /// The client's own data, and Parley's `error` and `stopped`.
    public var metadata: JSONObject
    /// The passages the reply was made with.
    public var contexts: [JSON]?
    /// A structured answer.
    public var aiResponse: JSON?
    /// How sure the answer is, 0 to 1.
    public var confidence: Double?
    /// The model that wrote it.
    public var model: String?
    /// What the turn cost.
    public var tokensUsed: TokenUsage?
    /// How long the turn took, in milliseconds.
    public var latencyMilliseconds: Int?
    /// The index of the next delta, only while the reply is streaming: `content` holds the deltas before it.
    public var nextIndex: Int?
    /// When it was appended.
    public let createdAt: Timestamp
    /// When it last changed.
    public var updatedAt: Timestamp

    /// Makes a message.
    public init(
        id: MessageID,
        conversationID: ConversationID,
        projectID: ProjectID,
        seq: Int,
        revision: Int,
        role: MessageRole,
        author: EmailAddress? = nil,
        content: String,
        parts: [JSON]? = nil,
        status: MessageStatus = .delivered,
        isEdited: Bool = false,
        reactions: [Reaction] = [],
        metadata: JSONObject = JSONObject(),
        contexts: [JSON]? = nil,
        aiResponse: JSON? = nil,
        confidence: Double? = nil,
        model: String? = nil,
        tokensUsed: TokenUsage? = nil,
        latencyMilliseconds: Int? = nil,
        nextIndex: Int? = nil,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.conversationID = conversationID
        self.projectID = projectID
        self.seq = seq
        self.revision = revision
        self.role = role
        self.author = author
        self.content = content
        self.parts = parts
        self.status = status
        self.isEdited = isEdited
        self.reactions = reactions
        self.metadata = metadata
        self.contexts = contexts
        self.aiResponse = aiResponse
        self.confidence = confidence
        self.model = model
        self.tokensUsed = tokensUsed
        self.latencyMilliseconds = latencyMilliseconds
        self.nextIndex = nextIndex
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// Who speaks.
public enum MessageRole: String, Hashable, Sendable, CaseIterable {
    /// A person.
    case user
    /// The model.
    case assistant
    /// The one who set the conversation up.
    case system
    /// A tool that the model called.
    case tool

    /// The longest text of this role, in bytes.
    public var contentLimitBytes: Int {
        self == .assistant ? Limits.assistantContentBytes : Limits.messageContentBytes
    }
}

/// How far a message has come.
public enum MessageStatus: String, Hashable, Sendable, CaseIterable {
    /// A reply that is being written.
    case streaming
    /// Complete.
    case delivered
    /// A reply that ended with an error; `metadata.error` says which.
    case failed
    /// A reply whose instance died; it keeps what it had.
    case interrupted
    /// Deleted: only its place in the log is left.
    case deleted
}

/// Who reacted with one emoji.
public struct Reaction: Hashable, Sendable {
    /// The emoji.
    public let emoji: String
    /// Who used it, in the order they did.
    public var users: [EmailAddress]

    /// Makes a reaction.
    public init(emoji: String, users: [EmailAddress]) {
        self.emoji = emoji
        self.users = users
    }
}

/// What a turn cost, in the model's tokens.
public struct TokenUsage: Hashable, Sendable {
    /// Tokens the model read.
    public let prompt: Int
    /// Tokens the model wrote.
    public let completion: Int

    /// Makes a usage.
    public init(prompt: Int, completion: Int) {
        self.prompt = prompt
        self.completion = completion
    }

    /// Both together; at most the largest integer, whatever a provider may say.
    public var total: Int {
        let (sum, overflow) = prompt.addingReportingOverflow(completion)
        return overflow ? .max : sum
    }
}

/// A text that a message had before.
public struct MessageVersion: Hashable, Sendable {
    /// The text.
    public let content: String
    /// Who wrote it; none where a model did.
    public let author: EmailAddress?
    /// When it was written.
    public let createdAt: Timestamp

    /// Makes a version.
    public init(content: String, author: EmailAddress?, createdAt: Timestamp) {
        self.content = content
        self.author = author
        self.createdAt = createdAt
    }
}

/// What a person has typed and not sent.
public struct Draft: Hashable, Sendable {
    /// The text.
    public let text: String
    /// When it was last changed.
    public let updatedAt: Timestamp

    /// Makes a draft.
    public init(text: String, updatedAt: Timestamp) {
        self.text = text
        self.updatedAt = updatedAt
    }
}
