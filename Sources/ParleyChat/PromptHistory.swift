import ParleyCore

/// Chooses what of a conversation the model is sent.
struct PromptHistory: Sendable {
    /// Where the conversation is read.
    let store: any ConversationStore

    /// The prompt's messages for a person's message: the conversation up to it, as stored, within ``Limits/promptMessages``
    /// and ``Limits/promptTokens``.
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
    /// room, each with the tools it used or the images and files it came with or, where these don't fit, without. Deleted and empty messages and running
    /// replies are left out.
    static func select(from log: [Message], limitTokens: Int = Limits.promptTokens) -> [PromptMessage] {
        let entries = PromptEntry.entries(of: log)
        var room = limitTokens
        for entry in entries where entry.isSystem { room -= entry.whole.estimatedTokens }
        var isFull = false
        var selected: [[PromptMessage]] = []
        for (age, entry) in entries.reversed().enumerated() {
            if entry.isSystem {
                selected.append(entry.whole)
                continue
            }
            let isNewest = age == 0
            let fitting = [entry.whole, entry.textOnly].first { isNewest || $0.estimatedTokens <= room }
            guard !isFull, let fitting else {
                isFull = true
                continue
            }
            room -= fitting.estimatedTokens
            selected.append(fitting)
        }
        return selected.reversed().flatMap { $0 }
    }
}

extension Prompt {
    /// The texts together, in bytes.
    var contentBytes: Int {
        messages.reduce(0) { sum, message in
            message.toolCalls.reduce(sum + message.content.utf8.count) { $0 + $1.arguments.utf8.count }
        }
    }
}
