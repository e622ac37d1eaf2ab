internal import GRDB
internal import ParleyCore

extension Message {
    /// What ``init(_:projectID:)`` reads, of a message `m`.
    static let columns = """
        m.id, m.conversation_id, m.seq, m.revision, m.role, m.author, m.content, m.parts, m.status, m.is_edited,
        m.reactions, m.metadata, m.contexts, m.ai_response, m.confidence, m.model, m.prompt_tokens, m.completion_tokens,
        m.latency_ms, m.created_at, m.updated_at
        """

    /// Reads ``columns``.
    ///
    /// Of a running reply the text is missing: ``Database/fillIn(_:)`` adds it.
    init(_ columns: inout Columns, projectID: ProjectID) throws {
        self.init(
            id: try columns.next(),
            conversationID: try columns.next(),
            projectID: projectID,
            seq: try columns.next(),
            revision: try columns.next(),
            role: try columns.next(),
            author: try columns.nextIfPresent(),
            content: try columns.next(),
            parts: try columns.nextIfPresent(JSON.self)?.arrayValue,
            status: try columns.next(),
            isEdited: try columns.next(),
            reactions: try columns.nextIfPresent(JSON.self).map([Reaction].init(stored:)) ?? [],
            metadata: try columns.nextIfPresent(JSON.self)?.objectValue ?? JSONObject(),
            contexts: try columns.nextIfPresent(JSON.self)?.arrayValue,
            aiResponse: try columns.nextIfPresent(),
            confidence: try columns.nextIfPresent(),
            model: try columns.nextIfPresent(),
            tokensUsed: try TokenUsage(&columns),
            latencyMilliseconds: try columns.nextIfPresent(),
            createdAt: try columns.next(),
            updatedAt: try columns.next()
        )
    }
}

extension TokenUsage {
    /// Reads both counts, which are there together or not at all.
    init?(_ columns: inout Columns) throws {
        let prompt = try columns.nextIfPresent(Int.self)
        let completion = try columns.nextIfPresent(Int.self)
        guard let prompt, let completion else { return nil }
        self.init(prompt: prompt, completion: completion)
    }
}

extension [Reaction] {
    /// Reads the column `reactions`.
    ///
    /// It is JSON in the message's row, since it is read with every message, and the order of emoji and of people is
    /// part of it.
    init(stored: JSON) {
        self = (stored.arrayValue ?? []).compactMap { entry in
            guard let emoji = entry["emoji"]?.stringValue, let users = entry["users"]?.arrayValue else { return nil }
            return Reaction(emoji: emoji, users: users.compactMap(\.stringValue).map(EmailAddress.init(normalized:)))
        }
    }

    /// The column's value.
    var column: JSON? {
        guard !isEmpty else { return nil }
        return .array(
            map { reaction in
                ["emoji": .string(reaction.emoji), "users": .array(reaction.users.map { .string($0.value) })]
            }
        )
    }
}

extension Database {
    /// Gives running replies the text they have so far.
    ///
    /// At most one of a conversation's messages is one.
    func fillIn(_ messages: inout [Message]) throws {
        for index in messages.indices where messages[index].status == .streaming {
            try fillIn(&messages[index])
        }
    }

    /// Gives a running reply the text it has so far.
    func fillIn(_ message: inout Message) throws {
        guard message.status == .streaming else { return }
        let pieces = try pieces(of: message.id, in: message.conversationID)
        message.content = pieces.joined()
        message.nextIndex = pieces.count
    }

    /// The committed pieces of a running reply.
    func pieces(of id: MessageID, in conversation: ConversationID) throws -> [String] {
        try all(
            """
            SELECT r.text FROM message m CROSS JOIN reply_piece r ON r.message_key = m.key
            WHERE m.id = ? AND m.conversation_id = ? ORDER BY r.position
            """,
            [id, conversation]
        ) { try $0.next() }
    }
}
