import ParleyCore

/// Chooses what of a conversation the model is sent.
struct PromptHistory: Sendable {
    /// Where the conversation is read.
    let store: any ConversationStore

    /// The prompt's messages for a person's message: the conversation up to it, as stored, within ``Limits/promptMessages``
    /// and ``Limits/promptBytes``.
    ///
    /// What a client claims to have been said before never gets here.
    ///
    /// - Throws: ``ParleyError/notFound`` where the asker can't see the conversation any more.
    func messages(upTo last: Message, as identity: Identity) async throws -> [PromptMessage] {
        let newest = try await store.messages(
            in: last.conversationID,
            .before(last.seq + 1),
            limit: Limits.promptMessages,
            as: identity
        )
        var log = newest.messages
        if newest.hasMore, let first = log.first {
            // The one who set a conversation up speaks at its beginning, and counts however long it has become.
            let oldest = try await store.messages(
                in: last.conversationID,
                .after(0),
                limit: Limits.promptMessages,
                as: identity
            )
            log = oldest.messages.filter { $0.role == .system && $0.seq < first.seq } + log
        }
        return Self.select(from: log)
    }

    /// Chooses from a log that goes oldest first.
    ///
    /// All system messages and the newest message are taken, and of the others the newest without a gap while there is
    /// room. Deleted and empty messages and running replies are left out.
    static func select(from log: [Message], limitBytes: Int = Limits.promptBytes) -> [PromptMessage] {
        let sayable = log.filter { message in
            switch message.status {
            case .deleted, .streaming: false
            case .delivered, .failed, .interrupted: !message.content.isEmpty
            }
        }
        var room = limitBytes
        for message in sayable where message.role == .system { room -= message.content.utf8.count }
        var isFull = false
        var selected: [PromptMessage] = []
        for (age, message) in sayable.reversed().enumerated() {
            if message.role != .system, age > 0 {
                isFull = isFull || message.content.utf8.count > room
                if isFull { continue }
            }
            if message.role != .system { room -= message.content.utf8.count }
            selected.append(PromptMessage(role: message.role, content: message.content))
        }
        return selected.reversed()
    }
}

extension Prompt {
    /// The texts together, in bytes.
    var contentBytes: Int {
        messages.reduce(0) { $0 + $1.content.utf8.count }
    }
}
