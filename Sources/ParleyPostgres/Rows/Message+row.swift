internal import ParleyCore

extension Message {
    /// What ``init(_:projectID:)`` reads, of a message `m`.
    ///
    /// A running reply's pieces are its text: they are put together by the statement that reads it, so that text and
    /// `next_index` are of one moment.
    static let columns = """
        m.id, m.conversation_id, m.seq, m.revision, m.role, m.author,
        CASE m.status
            WHEN 'streaming' THEN coalesce(
                (SELECT string_agg(r.text, '' ORDER BY r.position) FROM reply_piece r
                 WHERE r.conversation_id = m.conversation_id),
                '')
            ELSE m.content
            END,
        m.parts, m.status, m.is_edited, m.reactions, m.metadata, m.contexts, m.ai_response, m.confidence, m.model,
        m.prompt_tokens, m.completion_tokens, m.latency_ms,
        CASE m.status
            WHEN 'streaming' THEN (SELECT l.next_index FROM live_reply l WHERE l.conversation_id = m.conversation_id)
            END,
        m.created_at, m.updated_at
        """

    /// As many columns of nothing, for a union with rows of another kind.
    static let noColumns = [String](repeating: "NULL", count: 22).joined(separator: ", ")

    /// Reads ``columns``.
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
            nextIndex: try columns.nextIfPresent(),
            createdAt: try columns.next(),
            updatedAt: try columns.next()
        )
    }

    /// The column `content`: a running reply's text stands in its pieces.
    var storedContent: String { status == .streaming ? "" : content }
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
