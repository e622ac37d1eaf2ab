public import ParleyCore

extension MemoryStore {
    /// The caller's own draft.
    public func draft(in conversation: ConversationID?, as identity: Identity) throws -> Draft? {
        try read { state, _ in
            if let conversation { _ = try state.conversation(conversation, for: .read, as: identity) }
            return state.drafts[MemoryState.DraftKey(email: identity.email, conversation: conversation)]
        }
    }

    /// Keeps the caller's own draft; an empty text removes it.
    public func setDraft(
        _ text: String,
        in conversation: ConversationID?,
        as identity: Identity
    ) throws -> Draft {
        try write { state, now in
            if let conversation { _ = try state.conversation(conversation, for: .write, as: identity) }
            let key = MemoryState.DraftKey(email: identity.email, conversation: conversation)
            if let present = state.drafts[key], present.text.isExactly(text) { return present }
            let draft = Draft(text: text, updatedAt: now)
            state.drafts[key] = text.isEmpty ? nil : draft
            return draft
        }
    }
}
