internal import GRDB
internal import ParleyCore

extension Conversation {
    /// What ``init(_:)`` reads, of a conversation `c`.
    static let columns = """
        c.id, c.project_id, c.owner, c.title, c.description, c.status, c.is_pinned, c.metadata, c.message_count,
        c.revision, c.created_at, c.updated_at, c.last_message_at, c.forked_from, c.forked_seq, c.title_is_given,
        \(previewSource)
        """

    /// The beginning of the text that the preview is cut from.
    ///
    /// A running reply's pieces are its text; the table keeps them in the order of their positions, and the subquery
    /// says so to `group_concat`.
    private static let previewSource = """
        (SELECT CASE m.status
            WHEN 'streaming' THEN
                (SELECT group_concat(text, '') FROM
                    (SELECT r.text FROM reply_piece r WHERE r.message_key = m.key ORDER BY r.position
                     LIMIT \(MessageText.previewSourceLength)))
            ELSE substr(m.content, 1, \(MessageText.previewSourceLength))
            END
         FROM message m
         WHERE m.conversation_id = c.id AND m.status <> 'deleted'
           AND (m.content <> ''
                OR m.status = 'streaming' AND EXISTS
                    (SELECT 1 FROM reply_piece r WHERE r.message_key = m.key AND r.text <> ''))
         ORDER BY m.seq DESC LIMIT 1)
        """

    /// Reads ``columns``.
    init(_ columns: inout Columns) throws {
        self.init(
            id: try columns.next(),
            projectID: try columns.next(),
            owner: try columns.next(),
            title: try columns.next(),
            description: try columns.nextIfPresent(),
            status: try columns.next(),
            isPinned: try columns.next(),
            metadata: try columns.nextIfPresent(JSON.self)?.objectValue ?? JSONObject(),
            messageCount: try columns.next(),
            revision: try columns.next(),
            createdAt: try columns.next(),
            updatedAt: try columns.next(),
            lastMessageAt: try columns.nextIfPresent(),
            forkedFrom: try ForkOrigin(&columns),
            hasGivenTitle: try columns.next()
        )
        preview = try columns.nextIfPresent(String.self).flatMap { MessageText.preview(of: $0) }
    }
}

extension ForkOrigin {
    fileprivate init?(_ columns: inout Columns) throws {
        let conversation = try columns.nextIfPresent(ConversationID.self)
        let seq = try columns.nextIfPresent(Int.self)
        guard let conversation, let seq else { return nil }
        self.init(conversationID: conversation, seq: seq)
    }
}
