internal import LibPQ
internal import ParleyCore

/// A message on its way into a log, which gives it `seq`, revision and times.
struct MessageDraft {
    let id: MessageID
    let input: NewMessage
    let author: EmailAddress?
}

extension WriteTransaction {
    /// Appends a message; ``save(_:isAppend:)`` must follow before the write ends.
    func append(
        _ draft: MessageDraft,
        to state: inout ConversationState
    ) async throws -> (message: Message, step: LogStep) {
        let (message, step) = advance(&state, with: draft)
        try await insert(
            message,
            fingerprint: Fingerprint(of: draft.input).value,
            contentAuthor: draft.author,
            entry: .find(message.content, in: state.projectID)
        )
        return (message, step)
    }

    /// Appends an empty reply that is being written from now on, with its lease; ``save(_:isAppend:)`` must follow.
    func appendReply(
        to seq: Int,
        model: String?,
        in state: inout ConversationState
    ) async throws -> (message: Message, step: LogStep, lease: ReplyLease) {
        let input = NewMessage(role: .assistant, content: "", model: model)
        var (message, step) = advance(&state, with: MessageDraft(id: ids.make(), input: input, author: nil))
        message.status = .streaming
        message.nextIndex = 0
        try await insert(message, fingerprint: nil, contentAuthor: nil, entry: nil, replyTo: seq, fence: 1)
        return (message, step, try await grantLease(of: message, fence: 1, in: state))
    }

    /// Grants the right to write a reply.
    func grantLease(of reply: Message, fence: Int, in state: ConversationState) async throws -> ReplyLease {
        try await db.run(
            """
            INSERT INTO live_reply (conversation_id, seq, fence, expires_at, stop_requested, next_index)
            VALUES ($1, $2, $3, \(LeaseTime.end(4)), false, 0)
            """,
            [state.id, reply.seq, fence, leaseTime.now]
        )
        return ReplyLease(projectID: state.projectID, conversationID: state.id, messageID: reply.id, fence: fence)
    }

    /// Changes a message; it and its conversation take the next revision, and the index follows its text.
    func update(
        _ stored: StoredMessage,
        in state: inout ConversationState,
        _ body: (inout StoredMessage) -> Void
    ) async throws -> Message {
        bump(&state)
        try await save(state, isAppend: false)
        var after = stored
        body(&after)
        after.message.revision = state.revision
        after.message.updatedAt = state.now
        let message = after.message
        let isSameText = stored.indexedText.isExactly(after.indexedText)
        let entry = isSameText ? nil : after.indexedText.flatMap { SearchEntry.find($0, in: state.projectID) }
        try await db.run(
            """
            UPDATE message SET revision = $3, status = $4, is_edited = $5, updated_at = $6, content_author = $7,
                content_at = $8, fence = $9, confidence = $10, model = $11, prompt_tokens = $12, completion_tokens = $13,
                latency_ms = $14, reactions = $15, metadata = $16, parts = $17, contexts = $18, ai_response = $19,
                content = $20, terms = CASE WHEN $21 THEN terms ELSE $22 END,
                lexemes = CASE WHEN $21 THEN lexemes ELSE array_to_tsvector($23) END
            WHERE conversation_id = $1 AND seq = $2
            """,
            Arguments([
                .value(state.id), .value(message.seq), .value(message.revision), .value(message.status),
                .value(message.isEdited), .value(message.updatedAt), .value(after.contentAuthor),
                .value(after.contentAt), .value(after.fence), .value(message.confidence), .value(message.model),
                .value(message.tokensUsed?.prompt), .value(message.tokensUsed?.completion),
                .value(message.latencyMilliseconds), .value(message.reactions.column), .value(message.metadata.column),
                .value(message.parts.map(JSON.array)), .value(message.contexts.map(JSON.array)),
                .value(message.aiResponse), .value(message.storedContent), .value(isSameText), .value(entry?.terms),
                .column(entry?.lexemes),
            ])
        )
        if stored.message.status == .streaming, message.status != .streaming {
            // Its pieces go with it.
            try await db.run("DELETE FROM live_reply WHERE conversation_id = $1", [state.id])
        }
        return message
    }

    /// Puts a message's present text among its versions; returns how many there are by then.
    @discardableResult
    func keepVersion(of stored: StoredMessage) async throws -> Int {
        let message = stored.message
        let kept = try await db.first(
            """
            SELECT count(*), coalesce(sum(octets), 0)::bigint FROM message_version
            WHERE conversation_id = $1 AND seq = $2
            """,
            [message.conversationID, message.seq]
        ) { (count: try $0.next(Int.self), bytes: try $0.next(Int.self)) }
        let bytes = message.content.utf8.count
        guard let kept, kept.count < Limits.versionsPerMessage, kept.bytes + bytes <= Limits.versionBytesPerMessage
        else { throw ParleyError.tooManyVersions }
        try await db.run(
            """
            INSERT INTO message_version (conversation_id, seq, position, octets, author, created_at, content)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            Arguments([
                .value(message.conversationID), .value(message.seq), .value(kept.count), .value(bytes),
                .value(stored.contentAuthor), .value(stored.contentAt), .value(message.content),
            ])
        )
        return kept.count + 1
    }

    /// Stores a message's row, with what the search index holds of it; without `contentAt` its text is as old as itself.
    func insert(
        _ message: Message,
        fingerprint: Int64?,
        contentAuthor: EmailAddress?,
        contentAt: Timestamp? = nil,
        entry: SearchEntry?,
        replyTo: Int? = nil,
        fence: Int = 0
    ) async throws {
        try await db.run(
            """
            INSERT INTO message (conversation_id, id, seq, revision, role, author, status, created_at, updated_at,
                content_author, content_at, reply_to, fence, fingerprint, confidence, model, metadata, parts, contexts,
                ai_response, content, terms, lexemes, is_edited, reactions, prompt_tokens, completion_tokens, latency_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $28, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                array_to_tsvector($22), $23, $24, $25, $26, $27)
            """,
            Arguments([
                .value(message.conversationID), .value(message.id), .value(message.seq), .value(message.revision),
                .value(message.role), .value(message.author), .value(message.status), .value(message.createdAt),
                .value(message.updatedAt), .value(contentAuthor), .value(replyTo), .value(fence), .value(fingerprint),
                .value(message.confidence), .value(message.model), .value(message.metadata.column),
                .value(message.parts.map(JSON.array)), .value(message.contexts.map(JSON.array)),
                .value(message.aiResponse), .value(message.storedContent), .value(entry?.terms),
                .column(entry?.lexemes), .value(message.isEdited), .value(message.reactions.column),
                .value(message.tokensUsed?.prompt), .value(message.tokensUsed?.completion),
                .value(message.latencyMilliseconds), .value(contentAt ?? message.createdAt),
            ])
        )
    }

    private func advance(
        _ state: inout ConversationState,
        with draft: MessageDraft
    ) -> (message: Message, step: LogStep) {
        let step = bump(&state)
        state.messageCount += 1
        let message = Message(
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
            createdAt: state.now,
            updatedAt: state.now
        )
        return (message, step)
    }
}
