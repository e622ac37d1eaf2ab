public import ParleyCore

extension MeasuredStore {
    /// `messages`, measured.
    public func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) async throws -> MessagePage {
        try await measure(.messages) { try await base.messages(in: conversation, range, limit: limit, as: identity) }
    }

    /// `newestMessages`, measured.
    public func newestMessages(in project: ProjectID, limit: Int, as identity: Identity) async throws -> [Message] {
        try await measure(.newestMessages) { try await base.newestMessages(in: project, limit: limit, as: identity) }
    }

    /// `versions`, measured.
    public func versions(
        of id: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> [MessageVersion] {
        try await measure(.versions) { try await base.versions(of: id, in: conversation, as: identity) }
    }

    /// `appendMessages`, measured.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        try await measure(.appendMessages) {
            try await base.appendMessages(messages, to: conversation, expectedRevision: expectedRevision, as: identity)
        }
    }

    /// `editMessage`, measured.
    public func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await measure(.editMessage) {
            try await base.editMessage(id, in: conversation, changes, expectedRevision: expectedRevision, as: identity)
        }
    }

    /// `deleteMessage`, measured.
    public func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await measure(.deleteMessage) {
            try await base.deleteMessage(id, in: conversation, expectedRevision: expectedRevision, as: identity)
        }
    }

    /// `setReaction`, measured.
    public func setReaction(
        _ emoji: String,
        present: Bool,
        on id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await measure(.setReaction) {
            try await base.setReaction(
                emoji,
                present: present,
                on: id,
                in: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        }
    }
}
