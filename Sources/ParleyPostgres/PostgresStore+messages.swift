public import ParleyCore

extension PostgresStore {
    /// Changes text or metadata; the text before is kept.
    public func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await write { transaction in
            var state = try await transaction.lock(conversation, for: .write, as: identity)
            let before = try await transaction.db.requireMessage(id, in: state)
            try before.requireNotDeleted()
            try state.requireRevision(expectedRevision)
            guard before.message.status != .streaming else { throw ParleyError.replyInProgress }
            let text = changes.content.flatMap { before.message.content.isExactly($0) ? nil : $0 }
            if let text { try Rules.content(text, of: before.message.role) }
            let metadata = changes.metadata.flatMap { $0.isExactly(before.message.metadata) ? nil : $0 }
            guard text != nil || metadata != nil else { return Commit(before.message, changes: []) }
            if text != nil { try await transaction.keepVersion(of: before) }
            let now = state.now
            let message = try await transaction.update(before, in: &state) { entry in
                if let metadata { entry.message.metadata = metadata }
                guard let text else { return }
                entry.message.content = text
                entry.message.isEdited = true
                entry.contentAuthor = identity.email
                entry.contentAt = now
            }
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }

    /// The texts a message had before, oldest first.
    public func versions(
        of id: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> [MessageVersion] {
        let found = try await read { db in
            try await db.all(
                """
                SELECT v.content, v.author, v.created_at
                FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
                JOIN message m ON m.conversation_id = c.id AND m.id = $3
                LEFT JOIN message_version v ON v.conversation_id = m.conversation_id AND v.seq = m.seq
                WHERE c.id = $1 AND \(Retention.keeps()) ORDER BY v.position
                """,
                [conversation, identity.email, id]
            ) { columns -> MessageVersion? in
                if columns.isNull { return nil }
                return MessageVersion(
                    content: try columns.next(),
                    author: try columns.nextIfPresent(),
                    createdAt: try columns.next()
                )
            }
        }
        // A message without versions is a row all the same.
        guard !found.isEmpty else { throw ParleyError.notFound }
        return found.compactMap(\.self)
    }

    /// Deletes a message; its `seq` stays.
    public func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await write { transaction in
            var state = try await transaction.lock(conversation, for: .write, as: identity)
            let before = try await transaction.db.requireMessage(id, in: state)
            try state.requireRevision(expectedRevision)
            guard before.message.status != .deleted else { return Commit(before.message, changes: []) }
            try await transaction.db.run(
                "DELETE FROM message_version WHERE conversation_id = $1 AND seq = $2",
                [conversation, before.message.seq]
            )
            let message = try await transaction.update(before, in: &state) { $0.message.clearForDeletion() }
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }

    /// Adds or takes back the caller's reaction.
    public func setReaction(
        _ emoji: String,
        present: Bool,
        on id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await write { transaction in
            var state = try await transaction.lock(conversation, for: .write, as: identity)
            let before = try await transaction.db.requireMessage(id, in: state)
            try before.requireNotDeleted()
            try state.requireRevision(expectedRevision)
            var reactions = before.message.reactions
            guard reactions.set(emoji, present: present, of: identity.email) else {
                return Commit(before.message, changes: [])
            }
            guard reactions.count <= Limits.reactionsPerMessage else {
                throw ParleyError(.conflict, "A message bears at most \(Limits.reactionsPerMessage) different emoji.")
            }
            let after = reactions
            let message = try await transaction.update(before, in: &state) { $0.message.reactions = after }
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }
}
