internal import ParleyCore

/// A message with what no caller reads from it directly.
struct StoredMessage {
    /// The message; of a running reply with the text it has so far.
    var message: Message
    /// Of what its append was given; none for a reply.
    let fingerprint: Int64?
    /// Who wrote the present text; none where a model did.
    var contentAuthor: EmailAddress?
    /// When the present text was written.
    var contentAt: Timestamp
    /// The `seq` of the message that it answers, where a turn began it.
    let replyTo: Int?
    /// The fence of its last lease; 0 before the first.
    var fence: Int

    /// What ``init(_:in:)`` reads, of a message `m`.
    static let columns = """
        \(Message.columns), m.fingerprint, m.content_author, m.content_at, m.reply_to, m.fence
        """

    init(_ columns: inout Columns, in project: ProjectID) throws {
        message = try Message(&columns, projectID: project)
        fingerprint = try columns.nextIfPresent()
        contentAuthor = try columns.nextIfPresent()
        contentAt = try columns.next()
        replyTo = try columns.nextIfPresent()
        fence = try columns.next()
    }

    /// What the search index holds of it.
    var indexedText: String? {
        switch message.status {
        case .streaming, .deleted: nil
        case .delivered, .failed, .interrupted: message.content
        }
    }

    /// Refuses a write to what was deleted.
    func requireNotDeleted() throws {
        if message.status == .deleted { throw ParleyError.forbidden("This message was deleted.") }
    }

    /// Makes the running reply one that has ended: its pieces, which it was read with, become its text.
    mutating func endReply(_ status: MessageStatus, at now: Timestamp) {
        message.status = status
        message.nextIndex = nil
        contentAuthor = nil
        contentAt = now
    }
}

extension Querying {
    /// A message by its id.
    func message(_ id: MessageID, in state: ConversationState) async throws -> StoredMessage? {
        try await first(
            "SELECT \(StoredMessage.columns) FROM message m WHERE m.id = $1 AND m.conversation_id = $2",
            [id, state.id]
        ) { try StoredMessage(&$0, in: state.projectID) }
    }

    /// Messages by their ids; those that are there, in any order.
    func messages(_ ids: [MessageID], in state: ConversationState) async throws -> [StoredMessage] {
        guard !ids.isEmpty else { return [] }
        return try await all(
            "SELECT \(StoredMessage.columns) FROM message m WHERE m.id = ANY ($1) AND m.conversation_id = $2",
            Arguments([.column(ids), .value(state.id)])
        ) { try StoredMessage(&$0, in: state.projectID) }
    }

    /// A message by its place.
    func message(seq: Int, in state: ConversationState) async throws -> StoredMessage? {
        try await first(
            "SELECT \(StoredMessage.columns) FROM message m WHERE m.conversation_id = $1 AND m.seq = $2",
            [state.id, seq]
        ) { try StoredMessage(&$0, in: state.projectID) }
    }

    /// The reply that a turn began to a message.
    func reply(to seq: Int, in state: ConversationState) async throws -> StoredMessage? {
        try await first(
            """
            SELECT \(StoredMessage.columns) FROM message m WHERE m.conversation_id = $1 AND m.reply_to = $2
            ORDER BY m.seq LIMIT 1
            """,
            [state.id, seq]
        ) { try StoredMessage(&$0, in: state.projectID) }
    }

    /// A message that must be there.
    func requireMessage(_ id: MessageID, in state: ConversationState) async throws -> StoredMessage {
        guard let message = try await message(id, in: state) else { throw ParleyError.notFound }
        return message
    }
}
