public import ParleyCore

extension MemoryStore {
    /// Notes how far the caller has read a conversation.
    public func setReadMark(
        _ seq: Int,
        in conversation: ConversationID,
        as identity: Identity
    ) throws -> Commit<ReadMark> {
        try write { state, _ in
            let stored = try state.conversation(conversation, for: .read, as: identity)
            let present = state.readMarks[conversation]?[identity.email] ?? 0
            let seq = min(seq, stored.fields.messageCount)
            guard seq > present else {
                return Commit(ReadMark(conversationID: conversation, seq: present), changes: [])
            }
            state.readMarks[conversation, default: [:]][identity.email] = seq
            return .read(ReadMark(conversationID: conversation, seq: seq), by: identity.email)
        }
    }

    /// How far the caller has read each of several conversations.
    public func readMarks(of conversations: [ConversationID], as identity: Identity) throws -> [ReadMark] {
        read { state, _ in
            Set(conversations).compactMap { id in
                guard let stored = state.conversations[id], state.isVisible(stored.fields.projectID, to: identity),
                    !state.hasExpired(stored),
                    let seq = state.readMarks[id]?[identity.email]
                else { return nil }
                return ReadMark(conversationID: id, seq: seq)
            }
        }
    }
}
