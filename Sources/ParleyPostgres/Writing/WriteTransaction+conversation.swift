internal import LibPQ
internal import ParleyCore

extension WriteTransaction {
    /// Gives a conversation the next revision, and with it another tag: the one place where a log becomes another version.
    ///
    /// ``save(_:isAppend:)`` must follow, or a statement that stores both itself.
    @discardableResult
    func bump(_ state: inout ConversationState) -> LogStep {
        let before = state.tag
        state.revision += 1
        state.tag = newTag()
        return LogStep(before: before, after: state.tag)
    }

    /// Stores what changes of messages, or appends, have made of a conversation, and its title where that has changed.
    ///
    /// Once in a transaction: at a second update of a row PostgreSQL locks the project that the row points to, behind the
    /// conversation, and so in the wrong order.
    func save(_ state: ConversationState, isAppend: Bool, isTitled: Bool = false) async throws {
        let arguments: Arguments = [
            state.id, state.messageCount, state.revision, state.tag, state.now, isAppend,
        ]
        guard isTitled else {
            try await db.run(
                """
                UPDATE conversation SET message_count = $2, revision = $3, tag = $4, updated_at = $5,
                    last_message_at = CASE WHEN $6 THEN $5 ELSE last_message_at END
                WHERE id = $1
                """,
                arguments
            )
            return
        }
        let entry = SearchEntry(state.title, in: state.projectID)
        try await db.run(
            """
            UPDATE conversation SET message_count = $2, revision = $3, tag = $4, updated_at = $5,
                last_message_at = CASE WHEN $6 THEN $5 ELSE last_message_at END,
                title = $7, terms = $8, lexemes = array_to_tsvector($9)
            WHERE id = $1
            """,
            arguments + Arguments([.value(state.title), .value(entry.terms), .column(entry.lexemes)])
        )
    }

    /// Stores a new conversation with its title's entry in the index; `false` where its id is taken.
    func insert(_ conversation: Conversation, fingerprint: Fingerprint?) async throws -> Bool {
        let entry = SearchEntry(conversation.title, in: conversation.projectID)
        let count = try await db.run(
            """
            INSERT INTO conversation (id, project_id, owner, title, title_is_given, description, status, is_pinned, metadata,
                message_count, revision, tag, created_at, updated_at, last_message_at, forked_from, forked_seq, fingerprint,
                terms, lexemes)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                array_to_tsvector($20))
            ON CONFLICT (id) DO NOTHING
            """,
            Arguments([
                .value(conversation.id), .value(conversation.projectID), .value(conversation.owner),
                .value(conversation.title), .value(conversation.hasGivenTitle), .value(conversation.description),
                .value(conversation.status), .value(conversation.isPinned), .value(conversation.metadata.column),
                .value(conversation.messageCount), .value(conversation.revision), .value(newTag()),
                .value(conversation.createdAt), .value(conversation.updatedAt), .value(conversation.lastMessageAt),
                .value(conversation.forkedFrom?.conversationID), .value(conversation.forkedFrom?.seq),
                .value(fingerprint?.value), .value(entry.terms), .column(entry.lexemes),
            ])
        )
        return count == 1
    }

    /// Stores a conversation's own fields, which have changed; it takes the next revision.
    func update(
        _ after: Conversation,
        in state: inout ConversationState,
        title entry: SearchEntry
    ) async throws {
        bump(&state)
        try await db.run(
            """
            UPDATE conversation SET title = $2, title_is_given = $3, description = $4, status = $5, is_pinned = $6,
                metadata = $7, project_id = $8, revision = $9, tag = $10, updated_at = $11,
                terms = $12, lexemes = array_to_tsvector($13)
            WHERE id = $1
            """,
            Arguments([
                .value(state.id), .value(after.title), .value(after.hasGivenTitle), .value(after.description),
                .value(after.status), .value(after.isPinned), .value(after.metadata.column), .value(after.projectID),
                .value(state.revision), .value(state.tag), .value(state.now), .value(entry.terms),
                .column(entry.lexemes),
            ])
        )
        guard after.projectID != state.projectID else { return }
        try await db.runLong(
            """
            UPDATE message SET lexemes = ts_delete(lexemes, $2) || array_to_tsvector(ARRAY[$3])
            WHERE conversation_id = $1 AND lexemes IS NOT NULL
            """,
            [state.id, SearchEntry.lexeme(of: state.projectID), SearchEntry.lexeme(of: after.projectID)]
        )
        state.projectID = after.projectID
    }

    /// Gives a better title where nobody has given one; `nil` where it is this one already.
    ///
    /// It is nothing that anybody did: the conversation keeps its time, and the revision is marked.
    func improveTitle(_ state: inout ConversationState, _ title: String) async throws -> Change? {
        guard !state.title.isExactly(title) else { return nil }
        bump(&state)
        state.title = title
        let entry = SearchEntry(title, in: state.projectID)
        try await db.run(
            """
            UPDATE conversation SET title = $2, revision = $3, tag = $4, titled_revision = $3,
                terms = $5, lexemes = array_to_tsvector($6)
            WHERE id = $1
            """,
            Arguments([
                .value(state.id), .value(title), .value(state.revision), .value(state.tag), .value(entry.terms),
                .column(entry.lexemes),
            ])
        )
        return .conversationUpdated(try await db.conversation(state.id))
    }

    /// What an earlier create with this id made; none where the id is free.
    func replay(
        of id: ConversationID?,
        _ fingerprint: Fingerprint,
        as identity: Identity
    ) async throws -> Commit<Conversation>? {
        guard let id else { return nil }
        let stored = try await db.all(
            "SELECT fingerprint FROM conversation WHERE id = $1",
            [id]
        ) { try $0.nextIfPresent(Int64.self) }
        guard let stored = stored.first else { return nil }
        guard let conversation = try await db.visibleConversation(id, as: identity) else { throw ParleyError.notFound }
        guard stored == fingerprint.value else { throw ParleyError.idempotencyConflict }
        return .replay(conversation)
    }
}

extension ParleyError {
    /// What was there a moment ago has gone.
    static var overtaken: ParleyError { .unavailable("Too many change the same thing.") }
}
