public import ParleyCore

extension MemoryStore {
    /// Appends messages, all or none.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) throws -> Commit<[Message]> {
        try write { state, now in
            var stored = try state.conversation(conversation, for: .write, as: identity)
            // None for what is still to be appended.
            let known = try messages.map { try stored.message(repeatedBy: $0) }
            guard known.contains(where: { $0 == nil }) else { return .replay(known.compactMap(\.self)) }
            try stored.requireRevision(expectedRevision)
            var changes: [Change] = []
            let results = zip(messages, known).map { input, known in
                if let known { return known }
                let message = stored.append(
                    MessageDraft(
                        id: input.id ?? ids.make(),
                        input: input,
                        author: input.role == .user ? identity.email : nil
                    ),
                    at: now
                )
                changes.append(.messageAppended(message))
                return message
            }
            let isSaid = zip(messages, known).contains { input, known in known == nil && input.role == .user }
            if isSaid {
                state.drafts[MemoryState.DraftKey(email: identity.email, conversation: conversation)] = nil
            }
            state.conversations[conversation] = stored
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
    ) throws -> Commit<Message> {
        try write { state, now in
            var stored = try state.conversation(conversation, for: .write, as: identity)
            let index = try stored.requireIndex(of: id)
            let before = stored.log[index]
            try before.requireNotDeleted()
            try stored.requireRevision(expectedRevision)
            guard before.running == nil else { throw ParleyError.replyInProgress }
            let text = changes.content.flatMap { before.message.content.isExactly($0) ? nil : $0 }
            if let text { try Rules.content(text, of: before.message.role) }
            let metadata = changes.metadata.flatMap { $0.isExactly(before.message.metadata) ? nil : $0 }
            guard text != nil || metadata != nil else { return Commit(stored.message(at: index), changes: []) }
            if text != nil { try before.requireRoomForVersion() }
            let message = stored.updateMessage(at: index, now: now) { entry in
                if let metadata { entry.message.metadata = metadata }
                guard let text else { return }
                entry.keepVersion()
                entry.message.content = text
                entry.message.isEdited = true
                entry.textAuthor = identity.email
                entry.textTime = now
            }
            state.conversations[conversation] = stored
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }

    /// The texts a message had before, oldest first.
    public func versions(
        of id: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) throws -> [MessageVersion] {
        try read { state, _ in
            let stored = try state.conversation(conversation, for: .read, as: identity)
            return stored.log[try stored.requireIndex(of: id)].versions
        }
    }

    /// Deletes a message; its `seq` stays.
    public func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) throws -> Commit<Message> {
        try write { state, now in
            var stored = try state.conversation(conversation, for: .write, as: identity)
            let index = try stored.requireIndex(of: id)
            try stored.requireRevision(expectedRevision)
            guard stored.log[index].message.status != .deleted else {
                return Commit(stored.message(at: index), changes: [])
            }
            let message = stored.updateMessage(at: index, now: now) { $0.clear() }
            state.conversations[conversation] = stored
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
    ) throws -> Commit<Message> {
        try write { state, now in
            var stored = try state.conversation(conversation, for: .write, as: identity)
            let index = try stored.requireIndex(of: id)
            try stored.log[index].requireNotDeleted()
            try stored.requireRevision(expectedRevision)
            var reactions = stored.log[index].message.reactions
            guard reactions.set(emoji, present: present, of: identity.email) else {
                return Commit(stored.message(at: index), changes: [])
            }
            guard reactions.count <= Limits.reactionsPerMessage else {
                throw ParleyError(.conflict, "A message bears at most \(Limits.reactionsPerMessage) different emoji.")
            }
            let message = stored.updateMessage(at: index, now: now) { $0.message.reactions = reactions }
            state.conversations[conversation] = stored
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }
}

extension StoredConversation {
    /// What is stored under an input's id, where that was made of the same content.
    fileprivate func message(repeatedBy input: NewMessage) throws -> Message? {
        guard let index = input.id.flatMap(index(of:)) else { return nil }
        guard log[index].fingerprint == Fingerprint(of: input) else { throw ParleyError.idempotencyConflict }
        return message(at: index)
    }
}

extension StoredMessage {
    /// Refuses a write to what was deleted.
    func requireNotDeleted() throws {
        if message.status == .deleted { throw ParleyError.forbidden("This message was deleted.") }
    }

    /// Refuses the version after the last that is kept.
    func requireRoomForVersion() throws {
        let bytes = versions.reduce(message.content.utf8.count) { $0 + $1.content.utf8.count }
        guard versions.count < Limits.versionsPerMessage, bytes <= Limits.versionBytesPerMessage else {
            throw ParleyError.tooManyVersions
        }
    }

    /// Leaves only the message's place in the log.
    fileprivate mutating func clear() {
        running = nil
        versions = []
        message.clearForDeletion()
    }
}
