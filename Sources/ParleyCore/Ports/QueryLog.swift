/// Keeps one line for each turn: for the operator's figures, never with text.
public protocol QueryLog: Sendable {
    /// Adds a line.
    func record(_ entry: QueryLogEntry) async throws

    /// Lines from `start` on, oldest first, at most `limit`.
    func entries(since start: Timestamp, limit: Int) async throws -> [QueryLogEntry]
}

/// One turn, as the operator sees it.
public struct QueryLogEntry: Hashable, Sendable {
    /// When the turn ended.
    public let time: Timestamp
    /// Who asked.
    public let email: EmailAddress
    /// Their department.
    public let department: String?
    /// The `sid` claim.
    public let sessionID: String?
    /// The conversation.
    public let conversationID: ConversationID
    /// The reply.
    public let messageID: MessageID
    /// The model that answered.
    public let model: String?
    /// How long the turn took, in milliseconds.
    public let latencyMilliseconds: Int
    /// How long the model took until it began to speak or think, in milliseconds; none where it did not.
    public let firstTokenMilliseconds: Int?
    /// What it cost.
    public let tokensUsed: TokenUsage?
    /// How it ended.
    public let status: MessageStatus

    /// Makes a line.
    public init(
        time: Timestamp,
        email: EmailAddress,
        department: String?,
        sessionID: String?,
        conversationID: ConversationID,
        messageID: MessageID,
        model: String?,
        latencyMilliseconds: Int,
        firstTokenMilliseconds: Int?,
        tokensUsed: TokenUsage?,
        status: MessageStatus
    ) {
        self.time = time
        self.email = email
        self.department = department
        self.sessionID = sessionID
        self.conversationID = conversationID
        self.messageID = messageID
        self.model = model
        self.latencyMilliseconds = latencyMilliseconds
        self.firstTokenMilliseconds = firstTokenMilliseconds
        self.tokensUsed = tokensUsed
        self.status = status
    }
}
