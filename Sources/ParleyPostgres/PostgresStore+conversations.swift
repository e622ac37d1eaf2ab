public import ParleyCore

extension PostgresStore {
    /// Checks that the caller may do `access` to a conversation.
    public func authorize(
        _ access: Access,
        to conversation: ConversationID,
        as identity: Identity
    ) async throws {
        let role = try await read { db in
            try await db.first(
                """
                SELECT p.role FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
                WHERE c.id = $1 AND \(Retention.keeps())
                """,
                [conversation, identity.email]
            ) { try $0.next(Role.self) }
        }
        try access.require(of: role)
    }

    /// Checks that there is such a message and that the caller may do `access` to it.
    public func authorize(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        let role = try await read { db in
            try await db.first(
                """
                SELECT p.role FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
                JOIN message m ON m.conversation_id = c.id AND m.id = $3
                WHERE c.id = $1 AND \(Retention.keeps())
                """,
                [conversation, identity.email, message]
            ) { try $0.next(Role.self) }
        }
        try access.require(of: role)
    }

    /// Makes a conversation.
    public func createConversation(
        _ input: NewConversation,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await write { transaction in
            let project = try await transaction.project(toWriteIn: input.projectID, as: identity)
            let fingerprint = Fingerprint(of: input, in: project)
            if let replay = try await transaction.replay(of: input.id, fingerprint, as: identity) { return replay }
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
            guard try await transaction.insert(conversation, fingerprint: fingerprint) else {
                // Another one of the same id has come first, and was waited for.
                let replay = try await transaction.replay(of: input.id, fingerprint, as: identity)
                guard let replay else { throw ParleyError.overtaken }
                return replay
            }
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
        try await write(isLong: changes.projectID != nil) { transaction in
            let db = transaction.db
            if let target = changes.projectID { try await transaction.keep(target, as: identity) }
            // All that may be missing comes before all that may be forbidden.
            var (state, role) = try await transaction.lock(id, as: identity)
            if let target = changes.projectID { try await db.requireProject(target, for: .read, as: identity) }
            try Access.write.require(of: role)
            if let target = changes.projectID { try await db.requireProject(target, for: .write, as: identity) }
            try state.requireRevision(expectedRevision)
            let isMove = changes.projectID != nil && changes.projectID != state.projectID
            if isMove { try await db.requireNoRunningReply(id) }
            let before = try await db.conversation(id)
            let after = before.applying(changes)
            guard !before.hasExactly(fieldsOf: after) else {
                // Nobody can see who titled it: that alone is no change.
                if after.hasGivenTitle != before.hasGivenTitle {
                    try await db.run("UPDATE conversation SET title_is_given = true WHERE id = $1", [id])
                }
                return Commit(after, changes: [])
            }
            try await transaction.update(after, in: &state, title: SearchEntry(after.title, in: after.projectID))
            let conversation = try await db.conversation(id)
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
            var state = try await transaction.lock(id, for: .write, as: identity)
            var changes: [Change] = []
            if !state.titleIsGiven, let change = try await transaction.improveTitle(&state, title) {
                changes.append(change)
            }
            return Commit(try await transaction.db.conversation(id), changes: changes)
        }
    }

    /// Deletes a conversation with all that belongs to it.
    public func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void> {
        try await write(isLong: true) { transaction in
            let state = try await transaction.lock(id, for: .write, as: identity)
            try state.requireRevision(expectedRevision)
            var last = try await transaction.db.conversation(id)
            last.revision += 1
            last.updatedAt = state.now
            // All that belongs to it goes along by the schema's cascades.
            try await transaction.db.runLong("DELETE FROM conversation WHERE id = $1", [id])
            return Commit((), changes: [.conversationDeleted(last)])
        }
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
