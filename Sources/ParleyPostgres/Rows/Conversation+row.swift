internal import ParleyCore

extension Conversation {
    /// What ``init(_:)`` reads, of a conversation `c`.
    static let columns = """
        c.id, c.project_id, c.owner, c.title, c.description, c.status, c.is_pinned, c.metadata, c.message_count,
        c.revision, c.created_at, c.updated_at, c.last_message_at, c.forked_from, c.forked_seq, c.title_is_given,
        \(previewSource)
        """

    /// As many columns of nothing, for a union with rows of another kind.
    static let noColumns = [String](repeating: "NULL", count: columnCount).joined(separator: ", ")

    /// How many ``columns`` are.
    static let columnCount = 17

    /// The beginning of the text that the preview is cut from; a running reply's pieces are its text.
    private static let previewSource = """
        (SELECT CASE m.status
            WHEN 'streaming' THEN left(
                (SELECT string_agg(r.text, '' ORDER BY r.position) FROM
                    (SELECT s.text, s.position FROM reply_piece s WHERE s.conversation_id = m.conversation_id
                     ORDER BY s.position LIMIT \(MessageText.previewSourceLength)) r),
                \(MessageText.previewSourceLength))
            ELSE left(m.content, \(MessageText.previewSourceLength))
            END
         FROM message m
         WHERE m.conversation_id = c.id AND m.status <> 'deleted'
           AND (m.content <> ''
                OR m.status = 'streaming' AND EXISTS
                    (SELECT FROM reply_piece r WHERE r.conversation_id = m.conversation_id AND r.text <> ''))
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
