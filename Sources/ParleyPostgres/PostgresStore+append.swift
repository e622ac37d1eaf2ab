public import ParleyCore

extension PostgresStore {
    /// Appends messages, all or none.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        try await appendMessagesAlone(messages, to: conversation, expectedRevision: expectedRevision, as: identity)
    }
}
