internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// Checks that the caller may do `access` to a conversation.
    public func authorize(
        _ access: Access,
        to conversation: ConversationID,
        as identity: Identity
    ) async throws {
        _ = try await read { try $0.conversationState(conversation, for: access, as: identity) }
    }

    /// Checks that there is such a message and that the caller may do `access` to it.
    public func authorize(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        try await read { db in
            _ = try db.conversationState(conversation, for: .read, as: identity)
            let isThere = try db.exists(
                "SELECT 1 FROM message WHERE id = ? AND conversation_id = ?",
                [message, conversation]
            )
            guard isThere else { throw ParleyError.notFound }
            _ = try db.conversationState(conversation, for: access, as: identity)
        }
    }

    /// Makes a conversation.
    public func createConversation(
        _ input: NewConversation,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await write { transaction in
            let project = try transaction.project(toWriteIn: input.projectID, as: identity)
            let fingerprint = Fingerprint(of: input, in: project)
            if let replay = try transaction.db.replay(of: input.id, fingerprint, as: identity) { return replay }
            let conversation = Conversation(
                id: input.id ?? transaction.ids.make(),
                projectID: project,
                owner: identity.email,
                title: input.title ?? Conversation.defaultTitle,
                description: input.description,
                metadata: input.metadata,
                createdAt: transaction.now,
                updatedAt: transaction.now,
                hasGivenTitle: input.title != nil
            )
            try transaction.insert(conversation, fingerprint: fingerprint)
            return Commit(conversation, changes: [.conversationCreated(conversation)])
        }
    }

    /// Changes a conversation's own fields.
    public func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await write { transaction in
            let db = transaction.db
            // All that may be missing comes before all that may be forbidden.
            _ = try db.conversationState(id, for: .read, as: identity)
            if let target = changes.projectID { try db.requireProject(target, for: .read, as: identity) }
            let state = try db.conversationState(id, for: .write, as: identity)
            if let target = changes.projectID { try db.requireProject(target, for: .write, as: identity) }
            try state.requireRevision(expectedRevision)
            let isMove = changes.projectID != nil && changes.projectID != state.projectID
            if isMove { try db.requireNoRunningReply(id) }
            let before = try db.conversation(id)
            let after = before.applying(changes)
            guard !before.hasExactly(fieldsOf: after) else {
                // Nobody can see who titled it: that alone is no change.
                if after.hasGivenTitle != before.hasGivenTitle {
                    try db.run("UPDATE conversation SET title_is_given = 1 WHERE id = ?", [id])
                }
                return Commit(after, changes: [])
            }
            try db.run(
                """
                UPDATE conversation SET title = ?, title_is_given = ?, description = ?, status = ?, is_pinned = ?,
                    metadata = ?, project_id = ?, revision = ?, updated_at = ? WHERE id = ?
                """,
                [
                    after.title, after.hasGivenTitle, after.description, after.status, after.isPinned,
                    after.metadata.column,
                    after.projectID, state.revision + 1, transaction.now, id,
                ]
            )
            if !before.title.isExactly(after.title) { transaction.indexTitle(after.title, of: state.key) }
            let conversation = try db.conversation(id)
            return Commit(
                conversation,
                changes: [.conversationUpdated(conversation)],
                movedFrom: isMove ? before.projectID : nil
            )
        }
    }

    /// Gives a conversation a better title, unless a person gave it one.
    public func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await write { transaction in
            var state = try transaction.db.conversationState(id, for: .write, as: identity)
            let change = try state.titleIsGiven ? nil : transaction.retitle(&state, title, isImprovement: true)
            return Commit(try transaction.db.conversation(id), changes: change.map { [$0] } ?? [])
        }
    }

    /// Deletes a conversation with all that belongs to it.
    public func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void> {
        try await write { transaction in
            let state = try transaction.db.conversationState(id, for: .write, as: identity)
            try state.requireRevision(expectedRevision)
            return Commit((), changes: [try transaction.deleteConversation(id)])
        }
    }
}

extension WriteTransaction {
    /// Stores a conversation and enters its title into the index.
    func insert(_ conversation: Conversation, fingerprint: Fingerprint?) throws {
        try db.run(
            """
            INSERT INTO conversation (id, project_id, owner, title, title_is_given, description, status, is_pinned, metadata,
                message_count, revision, created_at, updated_at, last_message_at, forked_from, forked_seq, fingerprint)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                conversation.id, conversation.projectID, conversation.owner, conversation.title,
                conversation.hasGivenTitle,
                conversation.description, conversation.status, conversation.isPinned, conversation.metadata.column,
                conversation.messageCount, conversation.revision, conversation.createdAt, conversation.updatedAt,
                conversation.lastMessageAt, conversation.forkedFrom?.conversationID, conversation.forkedFrom?.seq,
                fingerprint?.value,
            ]
        )
        index(.insert(SearchIndex.terms(of: conversation.title), db.lastInsertedRowID, into: .titles))
    }

    /// Enters a conversation's new title into the index.
    func indexTitle(_ title: String, of key: Int64) {
        index(.replace(SearchIndex.terms(of: title), key, in: .titles))
    }

    /// Removes a conversation; all that belongs to it goes along by the schema's cascades, but for the indices.
    func deleteConversation(_ id: ConversationID) throws -> Change {
        var last = try db.conversation(id)
        last.revision += 1
        last.updatedAt = now
        let titles = try db.all("SELECT key FROM conversation WHERE id = ?", [id]) { try $0.next(Int64.self) }
        for key in titles { index(.remove(key, from: .titles)) }
        let messages = try db.all("SELECT key FROM message WHERE conversation_id = ?", [id]) { try $0.next(Int64.self) }
        for key in messages { index(.remove(key, from: .messages)) }
        try db.run("DELETE FROM conversation WHERE id = ?", [id])
        return .conversationDeleted(last)
    }
}

extension Database {
    /// A conversation, whose access has been checked in this transaction.
    func conversation(_ id: ConversationID) throws -> Conversation {
        let conversation = try first(
            "SELECT \(Conversation.columns) FROM conversation c WHERE c.id = ?",
            [id]
        ) { try Conversation(&$0) }
        guard let conversation else { throw ParleyError.notFound }
        return conversation
    }

    /// What an earlier create with this id made; none where the id is free.
    func replay(
        of id: ConversationID?,
        _ fingerprint: Fingerprint,
        as identity: Identity
    ) throws -> Commit<Conversation>? {
        guard let id else { return nil }
        let stored = try first(
            "SELECT fingerprint FROM conversation WHERE id = ?",
            [id]
        ) { try $0.nextIfPresent(Int64.self) }
        guard let stored else { return nil }
        _ = try conversationState(id, for: .read, as: identity)
        guard stored == fingerprint.value else { throw ParleyError.idempotencyConflict }
        return .replay(try conversation(id))
    }
}

extension Conversation {
    fileprivate func applying(_ changes: ConversationChanges) -> Conversation {
        var after = self
        if let title = changes.title { (after.title, after.hasGivenTitle) = (title, true) }
        if let description = changes.description { after.description = description }
        if let status = changes.status { after.status = status }
        if let isPinned = changes.isPinned { after.isPinned = isPinned }
        if let metadata = changes.metadata { after.metadata = metadata }
        if let projectID = changes.projectID { after.projectID = projectID }
        return after
    }

    /// Whether the fields that a person sets are the same, byte by byte.
    fileprivate func hasExactly(fieldsOf other: Conversation) -> Bool {
        title.isExactly(other.title) && description.isExactly(other.description) && status == other.status
            && isPinned == other.isPinned && projectID == other.projectID && metadata.isExactly(other.metadata)
    }
}
