internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// Appends messages, all or none.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        let terms = messages.map { SearchIndex.terms(of: $0.content) }
        return try await write { transaction in
            let db = transaction.db
            var state = try db.conversationState(conversation, for: .write, as: identity)
            // None for what is still to be appended.
            let known = try messages.map { try db.message(repeatedBy: $0, in: state) }
            guard known.contains(where: { $0 == nil }) else { return .replay(known.compactMap(\.self)) }
            try state.requireRevision(expectedRevision)
            var results: [Message] = []
            var changes: [Change] = []
            for (index, input) in messages.enumerated() {
                if let known = known[index] {
                    results.append(known)
                    continue
                }
                let draft = MessageDraft(
                    id: input.id ?? transaction.ids.make(),
                    input: input,
                    author: input.role == .user ? identity.email : nil,
                    terms: terms[index]
                )
                let message = try transaction.append(draft, to: &state)
                results.append(message)
                changes.append(.messageAppended(message))
            }
            try transaction.save(state)
            let isSaid = zip(messages, known).contains { input, known in known == nil && input.role == .user }
            if isSaid { try db.deleteDraft(of: identity.email, in: conversation) }
            return Commit(results, changes: changes)
        }
    }

    /// Changes text or metadata; the text before is kept.
    public func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        let terms = changes.content.map(SearchIndex.terms)
        return try await write { transaction in
            var state = try transaction.db.conversationState(conversation, for: .write, as: identity)
            let before = try transaction.db.requireMessage(id, in: state)
            try before.requireNotDeleted()
            try state.requireRevision(expectedRevision)
            guard before.message.status != .streaming else { throw ParleyError.replyInProgress }
            let text = changes.content.flatMap { before.message.content.isExactly($0) ? nil : $0 }
            if let text { try Rules.content(text, of: before.message.role) }
            let metadata = changes.metadata.flatMap { $0.isExactly(before.message.metadata) ? nil : $0 }
            guard text != nil || metadata != nil else { return Commit(before.message, changes: []) }
            if text != nil { try transaction.keepVersion(of: before) }
            let now = transaction.now
            let message = try transaction.update(before, in: &state, terms: terms) { entry in
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
        try await read { db in
            let state = try db.conversationState(conversation, for: .read, as: identity)
            let message = try db.requireMessage(id, in: state)
            return try db.all(
                "SELECT content, author, created_at FROM message_version WHERE message_key = ? ORDER BY position",
                [message.key]
            ) { columns in
                MessageVersion(
                    content: try columns.next(),
                    author: try columns.nextIfPresent(),
                    createdAt: try columns.next()
                )
            }
        }
    }

    /// Deletes a message; its `seq` stays.
    public func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await write { transaction in
            var state = try transaction.db.conversationState(conversation, for: .write, as: identity)
            let before = try transaction.db.requireMessage(id, in: state)
            try state.requireRevision(expectedRevision)
            guard before.message.status != .deleted else { return Commit(before.message, changes: []) }
            try transaction.db.run("DELETE FROM message_version WHERE message_key = ?", [before.key])
            let message = try transaction.update(before, in: &state) { $0.message.clearForDeletion() }
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
            var state = try transaction.db.conversationState(conversation, for: .write, as: identity)
            let before = try transaction.db.requireMessage(id, in: state)
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
            let message = try transaction.update(before, in: &state) { $0.message.reactions = after }
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }
}

extension Database {
    /// What is stored under an input's id, where that was made of the same content.
    fileprivate func message(repeatedBy input: NewMessage, in state: ConversationState) throws -> Message? {
        guard let id = input.id, let stored = try message(id, in: state) else { return nil }
        guard stored.fingerprint == Fingerprint(of: input).value else { throw ParleyError.idempotencyConflict }
        return stored.message
    }
}
