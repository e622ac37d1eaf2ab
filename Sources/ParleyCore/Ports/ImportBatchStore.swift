/// Remembers what imports did, so that they can be taken back.
///
/// Items are written by ``ConversationStore/importConversation(_:as:)`` in the step that does what they say.
public protocol ImportBatchStore: Sendable {
    /// The caller's imports, newest first: those that are not taken back, and that did something.
    func importBatches(as identity: Identity) async throws -> [ImportBatch]

    /// What a batch of the caller's did to each conversation that is still there, by conversation, behind one.
    func importedItems(
        of batch: ImportBatchID,
        after conversation: ConversationID?,
        limit: Int,
        as identity: Identity
    ) async throws -> [ImportedItem]

    /// Forgets what a batch did to a conversation, after that was taken back.
    func forgetImportedItem(
        of batch: ImportBatchID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws
}

/// An import's id.
public typealias ImportBatchID = ID<ImportBatch>

/// An import.
public struct ImportBatch: Hashable, Sendable {
    /// Its id.
    public let id: ImportBatchID
    /// When it first did something.
    public let createdAt: Timestamp
    /// How many conversations it made or added to.
    public let conversations: Int
    /// How many messages it added.
    public let messages: Int

    /// Describes an import.
    public init(id: ImportBatchID, createdAt: Timestamp, conversations: Int, messages: Int) {
        self.id = id
        self.createdAt = createdAt
        self.conversations = conversations
        self.messages = messages
    }
}

/// What an import did to one conversation.
public struct ImportedItem: Hashable, Sendable {
    /// The import.
    public let batch: ImportBatchID
    /// Who imported.
    public let importer: EmailAddress
    /// The conversation.
    public let conversationID: ConversationID
    /// When the batch first touched it.
    public let createdAt: Timestamp
    /// Whether the batch made the conversation.
    public let isNew: Bool
    /// The messages it added, in order.
    public let added: [MessageID]

    /// Describes what was done.
    public init(
        batch: ImportBatchID,
        importer: EmailAddress,
        conversationID: ConversationID,
        createdAt: Timestamp,
        isNew: Bool,
        added: [MessageID]
    ) {
        self.batch = batch
        self.importer = importer
        self.conversationID = conversationID
        self.createdAt = createdAt
        self.isNew = isNew
        self.added = added
    }
}
