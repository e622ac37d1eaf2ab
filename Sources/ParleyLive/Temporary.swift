import ParleyCore

extension ConversationStore {
    func runningReply(in c: ConversationID, as i: Identity) async throws -> ReplyProgress? { nil }
}
