internal import GRDB
internal import ParleyCore

/// A message on its way into a log, which gives it `seq`, revision and times.
struct MessageDraft {
    let id: MessageID
    let input: NewMessage
    let author: EmailAddress?
    /// The input's text as the index keeps it, cut before the writer's turn came.
    let terms: String
}

extension WriteTransaction {
    /// Appends a message; ``save(_:)`` must follow before the write ends.
    func append(_ draft: MessageDraft, to state: inout ConversationState) throws -> Message {
        let message = advance(&state, with: draft)
        try insert(
            message,
            fingerprint: Fingerprint(of: draft.input).value,
            contentAuthor: draft.author,
            contentAt: now
        )
        if !draft.terms.isEmpty { index(.insert(draft.terms, db.lastInsertedRowID, into: .messages)) }
        return message
    }

    /// Appends an empty reply that is being written from now on, with its lease; ``save(_:)`` must follow.
    func appendReply(
        to seq: Int,
        model: String?,
        in state: inout ConversationState
    ) throws -> (message: Message, lease: ReplyLease) {
        let input = NewMessage(role: .assistant, content: "", model: model)
        var message = advance(&state, with: MessageDraft(id: ids.make(), input: input, author: nil, terms: ""))
        message.status = .streaming
        message.nextIndex = 0
        try insert(message, fingerprint: nil, contentAuthor: nil, contentAt: now, replyTo: seq, fence: 1)
        let lease = try grantLease(of: message.id, key: db.lastInsertedRowID, fence: 1, in: state)
        return (message, lease)
    }

    /// Grants the right to write a reply.
    func grantLease(of id: MessageID, key: Int64, fence: Int, in state: ConversationState) throws -> ReplyLease {
        try db.run(
            """
            INSERT INTO live_reply (conversation_id, message_key, fence, expires_at, stop_requested, next_index)
            VALUES (?, ?, ?, ?, 0, 0)
            """,
            [state.id, key, fence, now + Limits.replyLease]
        )
        return ReplyLease(projectID: state.projectID, conversationID: state.id, messageID: id, fence: fence)
    }

    /// Stores what appends have made of a conversation.
    func save(_ state: ConversationState) throws {
        try db.run(
            """
            UPDATE conversation SET message_count = ?, revision = ?, updated_at = ?, last_message_at = ? WHERE key = ?
            """,
            [state.messageCount, state.revision, now, now, state.key]
        )
    }

    /// Changes a message; it and its conversation take the next revision, and the index follows its text.
    ///
    /// `terms` are those of its new text, where they were cut before the writer's turn came.
    func update(
        _ stored: StoredMessage,
        in state: inout ConversationState,
        terms: String? = nil,
        _ body: (inout StoredMessage) -> Void
    ) throws -> Message {
        state.revision += 1
        try db.run(
            "UPDATE conversation SET revision = ?, updated_at = ? WHERE key = ?",
            [state.revision, now, state.key]
        )
        var after = stored
        body(&after)
        after.message.revision = state.revision
        after.message.updatedAt = now
        let message = after.message
        try db.run(
            """
            UPDATE message SET revision = ?, status = ?, is_edited = ?, updated_at = ?, content_author = ?, content_at = ?,
                fence = ?, confidence = ?, model = ?, prompt_tokens = ?, completion_tokens = ?, latency_ms = ?,
                reactions = ?, metadata = ?, parts = ?, contexts = ?, ai_response = ?, content = ? WHERE key = ?
            """,
            [
                message.revision, message.status, message.isEdited, message.updatedAt, after.contentAuthor,
                after.contentAt, after.fence, message.confidence, message.model, message.tokensUsed?.prompt,
                message.tokensUsed?.completion, message.latencyMilliseconds, message.reactions.column,
                message.metadata.column, message.parts.map(JSON.array), message.contexts.map(JSON.array),
                message.aiResponse, message.storedContent, stored.key,
            ]
        )
        if stored.message.status == .streaming, message.status != .streaming {
            try db.run("DELETE FROM live_reply WHERE message_key = ?", [stored.key])
            try db.run("DELETE FROM reply_piece WHERE message_key = ?", [stored.key])
        }
        switch (stored.indexedText, after.indexedText) {
        case (nil, nil): break
        case (nil, let text?): index(.insert(terms ?? SearchIndex.terms(of: text), stored.key, into: .messages))
        case (_?, nil): index(.remove(stored.key, from: .messages))
        case (let before?, let text?):
            if before.isExactly(text) { break }
            index(.replace(terms ?? SearchIndex.terms(of: text), stored.key, in: .messages))
        }
        return message
    }

    /// Puts a message's present text among its versions; returns how many there are by then.
    @discardableResult
    func keepVersion(of stored: StoredMessage) throws -> Int {
        let kept = try db.first(
            "SELECT count(*), coalesce(sum(octets), 0) FROM message_version WHERE message_key = ?",
            [stored.key]
        ) { (count: try $0.next(Int.self), bytes: try $0.next(Int.self)) }
        let bytes = stored.message.content.utf8.count
        guard let kept, kept.count < Limits.versionsPerMessage, kept.bytes + bytes <= Limits.versionBytesPerMessage
        else { throw ParleyError.tooManyVersions }
        try db.run(
            """
            INSERT INTO message_version (message_key, position, octets, author, created_at, content)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [stored.key, kept.count, bytes, stored.contentAuthor, stored.contentAt, stored.message.content]
        )
        return kept.count + 1
    }

    /// Stores a message's row.
    func insert(
        _ message: Message,
        fingerprint: Int64?,
        contentAuthor: EmailAddress?,
        contentAt: Timestamp,
        replyTo: Int? = nil,
        fence: Int = 0
    ) throws {
        try db.run(
            """
            INSERT INTO message (conversation_id, id, seq, revision, role, author, status, is_edited, created_at, updated_at,
                content_author, content_at, reply_to, fence, fingerprint, confidence, model, prompt_tokens,
                completion_tokens, latency_ms, reactions, metadata, parts, contexts, ai_response, content)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                message.conversationID, message.id, message.seq, message.revision, message.role, message.author,
                message.status, message.isEdited, message.createdAt, message.updatedAt, contentAuthor, contentAt,
                replyTo, fence, fingerprint, message.confidence, message.model, message.tokensUsed?.prompt,
                message.tokensUsed?.completion, message.latencyMilliseconds, message.reactions.column,
                message.metadata.column, message.parts.map(JSON.array), message.contexts.map(JSON.array),
                message.aiResponse, message.storedContent,
            ]
        )
    }

    private func advance(_ state: inout ConversationState, with draft: MessageDraft) -> Message {
        state.messageCount += 1
        state.revision += 1
        return Message(
            id: draft.id,
            conversationID: state.id,
            projectID: state.projectID,
            seq: state.messageCount,
            revision: state.revision,
            role: draft.input.role,
            author: draft.author,
            content: draft.input.content,
            parts: draft.input.parts,
            metadata: draft.input.metadata,
            contexts: draft.input.contexts,
            aiResponse: draft.input.aiResponse,
            confidence: draft.input.confidence,
            model: draft.input.model,
            createdAt: now,
            updatedAt: now
        )
    }
}

extension Message {
    /// The column `content`: a running reply's text stands in its pieces.
    fileprivate var storedContent: String { status == .streaming ? "" : content }
}
