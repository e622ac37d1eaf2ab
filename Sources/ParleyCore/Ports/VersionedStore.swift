/// A truth that can say cheaply which version of a log is the present one, so that what was read before can be used again.
///
/// Every committed change of a conversation or of its messages gives its log another ``LogTag``; the pieces of a running
/// reply don't, which ``LogVersion/isStreaming`` tells.
public protocol VersionedStore: ConversationStore {
    /// The present versions of several logs, each with its reader's access checked, by one statement.
    ///
    /// What a reader may not see and what does not exist are one: `nil`. In the order of the questions.
    func logVersions(_ questions: [LogQuestion]) async throws -> [LogVersion?]

    /// The newest messages, oldest first, and the version they are of, from one snapshot. `notFound` as always.
    func newestMessagesWithVersion(
        in conversation: ConversationID,
        limit: Int,
        as identity: Identity
    ) async throws -> (page: MessagePage, version: LogVersion)
}

/// Who wants to know of which log.
public struct LogQuestion: Hashable, Sendable {
    /// The conversation.
    public let conversationID: ConversationID
    /// The reader.
    public let reader: EmailAddress

    /// Asks.
    public init(conversationID: ConversationID, reader: EmailAddress) {
        self.conversationID = conversationID
        self.reader = reader
    }
}

/// Hands out the newest part of a log as it goes over the wire, without making values of it where it can.
public protocol EncodedLogReader: Sendable {
    /// How many messages are ready to be handed out so; who wants more asks the store.
    var encodedLimit: Int { get }

    /// The newest messages, oldest first: what `GET /messages` answers. `limit` is at most ``encodedLimit``.
    func encodedNewestMessages(
        in conversation: ConversationID,
        limit: Int,
        as identity: Identity
    ) async throws -> EncodedMessagePage
}

/// Messages as they go over the wire.
public struct EncodedMessagePage: Hashable, Sendable {
    /// A JSON array of messages, oldest first, in UTF-8.
    public let messages: [UInt8]
    /// Whether the log has older ones.
    public let hasMore: Bool

    /// Makes a page.
    public init(messages: [UInt8], hasMore: Bool) {
        self.messages = messages
        self.hasMore = hasMore
    }
}

/// Where a bus finds what was too large to be carried along.
///
/// Without an identity, since the reader is no person: what is found goes to subscribers who have shown that they may see it.
public protocol ChangeSource: Sendable {
    /// A message as it is now; `nil` where it is gone.
    func message(_ id: MessageID, in conversation: ConversationID) async throws -> Message?
    /// A conversation as it is now; `nil` where it is gone.
    func conversation(_ id: ConversationID) async throws -> Conversation?
}
