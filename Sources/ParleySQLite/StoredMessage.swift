internal import GRDB
internal import ParleyCore

/// A message with what no caller reads from it directly.
struct StoredMessage {
    /// Its row.
    let key: Int64
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

extension Database {
    private static let storedColumns = """
        \(Message.columns), m.key, m.fingerprint, m.content_author, m.content_at, m.reply_to, m.fence
        """

    /// A message by its id.
    func message(_ id: MessageID, in state: ConversationState) throws -> StoredMessage? {
        try storedMessage(
            "SELECT \(Self.storedColumns) FROM message m WHERE m.id = ? AND m.conversation_id = ?",
            [id, state.id],
            in: state.projectID
        )
    }

    /// A message by its place.
    func message(seq: Int, in state: ConversationState) throws -> StoredMessage? {
        try storedMessage(
            "SELECT \(Self.storedColumns) FROM message m WHERE m.conversation_id = ? AND m.seq = ?",
            [state.id, seq],
            in: state.projectID
        )
    }

    /// The reply that a turn began to a message.
    func reply(to seq: Int, in state: ConversationState) throws -> StoredMessage? {
        try storedMessage(
            """
            SELECT \(Self.storedColumns) FROM message m WHERE m.conversation_id = ? AND m.reply_to = ? ORDER BY m.seq LIMIT 1
            """,
            [state.id, seq],
            in: state.projectID
        )
    }

    /// The messages of a range of places, in order.
    func messages(seqs: ClosedRange<Int>, in state: ConversationState) throws -> [StoredMessage] {
        try all(
            """
            SELECT \(Self.storedColumns) FROM message m
            WHERE m.conversation_id = ? AND m.seq BETWEEN ? AND ? ORDER BY m.seq
            """,
            [state.id, seqs.lowerBound, seqs.upperBound]
        ) { try StoredMessage(&$0, in: state.projectID) }
    }

    /// A message that must be there.
    func requireMessage(_ id: MessageID, in state: ConversationState) throws -> StoredMessage {
        guard let message = try message(id, in: state) else { throw ParleyError.notFound }
        return message
    }

    /// A message looked up by its id alone, among what the caller sees, for which they may do `access`.
    ///
    /// Clients make ids too, so two conversations may hold the same one; then a running reply counts, else the conversation
    /// with the least id.
    func locate(
        _ id: MessageID,
        for access: Access,
        as identity: Identity
    ) throws -> (state: ConversationState, message: StoredMessage) {
        let conversation = try first(
            """
            SELECT c.id FROM message m CROSS JOIN conversation c ON c.id = m.conversation_id
            CROSS JOIN project_member p ON p.project_id = c.project_id AND p.email = ?2
            WHERE m.id = ?1 AND \(Retention.keeps()) ORDER BY m.status = 'streaming' DESC, c.id LIMIT 1
            """,
            [id, identity.email]
        ) { try $0.next(ConversationID.self) }
        guard let conversation else { throw ParleyError.notFound }
        let state = try conversationState(conversation, for: access, as: identity)
        return (state, try requireMessage(id, in: state))
    }

    private func storedMessage(
        _ sql: String,
        _ arguments: Arguments,
        in project: ProjectID
    ) throws -> StoredMessage? {
        guard var stored = try first(sql, arguments, { try StoredMessage(&$0, in: project) }) else { return nil }
        try fillIn(&stored.message)
        return stored
    }
}

extension StoredMessage {
    fileprivate init(_ columns: inout Columns, in project: ProjectID) throws {
        message = try Message(&columns, projectID: project)
        key = try columns.next()
        fingerprint = try columns.nextIfPresent()
        contentAuthor = try columns.nextIfPresent()
        contentAt = try columns.next()
        replyTo = try columns.nextIfPresent()
        fence = try columns.next()
    }
}
