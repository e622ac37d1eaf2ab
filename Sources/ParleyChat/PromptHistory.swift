import ParleyCore

/// Chooses what of a conversation the model is sent.
struct PromptHistory: Sendable {
    /// Where the conversation is read.
    let store: any ConversationStore

    /// The prompt's messages for a person's message: the conversation up to it, as stored, within ``Limits/promptMessages``
    /// and ``Limits/promptTokens``.
    ///
    /// What a client claims to have been said before never gets here. The log is read backwards in small pages until no
    /// more fits, and of its beginning as far as the system speaks: a conversation's set-up stands there. So what a turn
    /// reads depends on what a model can be sent, and not on how long the messages are.
    ///
    /// - Throws: ``ParleyError/notFound`` where the asker can't see the conversation any more.
    func messages(upTo last: Message, as identity: Identity) async throws -> [PromptMessage] {
        var log: [Message] = []
        var tokens = 0
        var hasMore = true
        while hasMore, log.count < Limits.promptMessages, tokens <= Limits.promptTokens {
            let page = try await store.messages(
                in: last.conversationID,
                .before(log.first?.seq ?? last.seq + 1),
                limit: min(Self.pageSize, Limits.promptMessages - log.count),
                as: identity
            )
            // The least that they take: with the system's words or their tools they take more.
            for entry in PromptEntry.entries(of: page.messages) where !entry.isSystem {
                tokens += entry.textOnly.estimatedTokens
            }
            log = page.messages + log
            hasMore = page.hasMore && !page.messages.isEmpty
        }
        if hasMore, let first = log.first {
            log = try await setUp(of: last.conversationID, before: first.seq, as: identity) + log
        }
        return Self.select(from: log)
    }

    // Of messages of full size, that many are ten times what a model can be sent.
    private static let pageSize = 10

    /// The system's messages that a conversation begins with: they count however long it has become.
    private func setUp(
        of conversation: ConversationID,
        before seq: Int,
        as identity: Identity
    ) async throws -> [Message] {
        var setUp: [Message] = []
        while setUp.count < Limits.promptMessages {
            let page = try await store.messages(
                in: conversation,
                .after(setUp.last?.seq ?? 0),
                limit: min(Self.pageSize, Limits.promptMessages - setUp.count),
                as: identity
            )
            let more = page.messages.prefix { $0.role == .system && $0.seq < seq }
            setUp += more
            guard page.hasMore, more.count == page.messages.count else { break }
        }
        return setUp
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
