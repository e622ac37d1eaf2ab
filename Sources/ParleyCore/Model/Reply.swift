/// What a turn commits in one step: the person's message, and the reply that will be written to it.
public struct TurnRequest: Hashable, Sendable {
    /// The conversation; none means a new one in `projectID`, titled after the message.
    public var conversationID: ConversationID?
    /// The project of a new conversation; none means the caller's personal one.
    public var projectID: ProjectID?
    /// The person's message: its `id` is the turn's, for retries.
    public var message: NewMessage
    /// The model that was asked for.
    public var model: String?

    /// Makes a request.
    public init(
        conversationID: ConversationID? = nil,
        projectID: ProjectID? = nil,
        message: NewMessage,
        model: String? = nil
    ) {
        self.conversationID = conversationID
        self.projectID = projectID
        self.message = message
        self.model = model
    }
}

/// A turn that has begun.
public struct Turn: Hashable, Sendable {
    /// The conversation as it is now.
    public var conversation: Conversation
    /// The person's message.
    public var userMessage: Message
    /// The reply: `streaming` and empty where it has just begun; with a repetition, whatever it has become.
    public var reply: Message
    /// The right to write the reply; `nil` with a repetition, whose reply is somebody else's or finished.
    public var lease: ReplyLease?

    /// Makes a turn.
    public init(conversation: Conversation, userMessage: Message, reply: Message, lease: ReplyLease?) {
        self.conversation = conversation
        self.userMessage = userMessage
        self.reply = reply
        self.lease = lease
    }
}

/// The right to write one reply, as long as the store's fence is this one.
public struct ReplyLease: Hashable, Sendable {
    /// The project of the conversation.
    public let projectID: ProjectID
    /// The conversation.
    public let conversationID: ConversationID
    /// The reply.
    public let messageID: MessageID
    /// Rises with every lease of this reply; a writer with an older one is refused.
    public let fence: Int

    /// Makes a lease.
    public init(projectID: ProjectID, conversationID: ConversationID, messageID: MessageID, fence: Int) {
        self.projectID = projectID
        self.conversationID = conversationID
        self.messageID = messageID
        self.fence = fence
    }
}

/// What the store answers to a reply's writer.
public enum LeaseState: Hashable, Sendable {
    /// Go on.
    case held
    /// Go on, but somebody asked for the reply to be stopped.
    case stopRequested
}

/// How a reply ends.
public struct ReplyOutcome: Hashable, Sendable {
    /// `delivered`, `failed` or `interrupted`.
    public var status: MessageStatus
    /// Added to the reply's metadata: `error`, `stopped`, `finish_reason`,
    /// `tokens_estimated`, `time_to_first_token_ms`, `verification_required`.
    public var metadata: JSONObject
    /// The model that answered.
    public var model: String?
    /// What it cost.
    public var tokensUsed: TokenUsage?
    /// How long the turn took, in milliseconds.
    public var latencyMilliseconds: Int?
    /// How long the model took until it began to speak or think, in milliseconds since the turn began.
    ///
    /// For the query log; the metadata says the same.
    public var firstTokenMilliseconds: Int?
    /// What the reply was made of besides text: reasoning, tool calls and their results.
    public var parts: [JSON]?
    /// The passages the reply was made with.
    public var contexts: [JSON]?
    /// What the text says, taken apart.
    public var aiResponse: JSON?
    /// How sure the model is of it, from 0 to 1.
    public var confidence: Double?

    /// Makes an outcome.
    public init(
        status: MessageStatus,
        metadata: JSONObject = JSONObject(),
        model: String? = nil,
        tokensUsed: TokenUsage? = nil,
        latencyMilliseconds: Int? = nil,
        firstTokenMilliseconds: Int? = nil,
        parts: [JSON]? = nil,
        contexts: [JSON]? = nil,
        aiResponse: JSON? = nil,
        confidence: Double? = nil
    ) {
        self.status = status
        self.metadata = metadata
        self.model = model
        self.tokensUsed = tokensUsed
        self.latencyMilliseconds = latencyMilliseconds
        self.firstTokenMilliseconds = firstTokenMilliseconds
        self.parts = parts
        self.contexts = contexts
        self.aiResponse = aiResponse
        self.confidence = confidence
    }
}

/// How far a reply is, for one who joins or resumes.
public struct ReplyProgress: Hashable, Sendable {
    /// The reply as it is now.
    public var message: Message
    /// Its committed pieces behind the asked index; empty when it has ended, since then `message` says all.
    public var deltas: [ReplyDelta]

    /// Makes a progress.
    public init(message: Message, deltas: [ReplyDelta]) {
        self.message = message
        self.deltas = deltas
    }
}
