public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Changes text or metadata; the text before is kept.
    public func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await write(to: conversation, .ids([id]), as: identity.email) { writing in
            let before = try writing.view.requireEntry(id)
            try before.requireNotDeleted()
            try writing.view.session.requireRevision(expectedRevision)
            guard before.message.status != .streaming else { throw ParleyError.replyInProgress }
            let text = changes.content.flatMap { before.message.content.isExactly($0) ? nil : $0 }
            if let text { try Rules.content(text, of: before.message.role) }
            let metadata = changes.metadata.flatMap { $0.isExactly(before.message.metadata) ? nil : $0 }
            guard text != nil || metadata != nil else { return Commit(before.message, changes: []) }
            if text != nil { try before.requireRoomForVersion() }
            var edited = before
            if text != nil { writing.keepVersion(of: &edited) }
            let now = writing.now
            let entry = writing.change(before) { entry in
                if let metadata { entry.message.metadata = metadata }
                guard let text else { return }
                entry.versionCount = edited.versionCount
                entry.versionBytes = edited.versionBytes
                entry.message.content = text
                entry.message.isEdited = true
                entry.contentAuthor = identity.email
                entry.contentAt = now
            }
            return Commit(entry.message, changes: [.messageUpdated(entry.message)])
        }.value
    }

    /// The texts a message had before, oldest first.
    public func versions(
        of id: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> [MessageVersion] {
        let now = clock.now()
        return try await inProject(of: conversation, for: .read) { project in
            let arguments: [RedisArgument] = [
                .string(identity.email.value), .integer(now.microseconds), "\(conversation)", "\(id)",
            ]
            let answer = try await run(TruthScripts.versions, in: project, arguments)
            do {
                return try answer.first?.elements.map { try MessageVersion(stored: $0.withText { Array($0) }) } ?? []
            } catch {
                throw RedisFault.translate(error, logger: logger)
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
        try await write(to: conversation, .ids([id]), as: identity.email) { writing in
            let before = try writing.view.requireEntry(id)
            try writing.view.session.requireRevision(expectedRevision)
            guard before.message.status != .deleted else { return Commit(before.message, changes: []) }
            let entry = writing.change(before) { entry in
                entry.message.clearForDeletion()
                entry.versionCount = 0
                entry.versionBytes = 0
            }
            writing.batch.command("DEL", TruthKeys.versions(of: id, in: conversation))
            if writing.view.session.running?.message == id { writing.endReply(id) }
            return Commit(entry.message, changes: [.messageUpdated(entry.message)])
        }.value
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
        try await write(to: conversation, .ids([id]), as: identity.email) { writing in
            let before = try writing.view.requireEntry(id)
            try before.requireNotDeleted()
            try writing.view.session.requireRevision(expectedRevision)
            var reactions = before.message.reactions
            guard reactions.set(emoji, present: present, of: identity.email) else {
                return Commit(writing.view.message(before), changes: [])
            }
            guard reactions.count <= Limits.reactionsPerMessage else {
                throw ParleyError(.conflict, "A message bears at most \(Limits.reactionsPerMessage) different emoji.")
            }
            let entry = writing.change(before) { $0.message.reactions = reactions }
            let message = writing.view.message(entry)
            return Commit(message, changes: [.messageUpdated(message)])
        }.value
    }
}

extension LogEntry {
    /// Refuses a write to what was deleted.
    func requireNotDeleted() throws {
        if message.status == .deleted { throw ParleyError.forbidden("This message was deleted.") }
    }

    /// Refuses the version after the last that is kept.
    func requireRoomForVersion() throws {
        let bytes = versionBytes + message.content.utf8.count
        guard versionCount < Limits.versionsPerMessage, bytes <= Limits.versionBytesPerMessage else {
            throw ParleyError.tooManyVersions
        }
    }
}
