public import ParleyCore

extension PostgresStore {
    /// A conversation with its newest messages, oldest first, from one snapshot.
    public func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) async throws -> (conversation: Conversation, page: MessagePage) {
        let rows = try await read { db in
            try await db.rows(LogStatement.conversationWithNewest, [id, identity.email, Int.max, limit + 1])
        }
        return try decoding {
            let (conversation, messages) = try Conversation.withMessages(rows)
            return (conversation, MessagePage(newestFirst: messages, limit: limit))
        }
    }

    /// A part of a log.
    public func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) async throws -> MessagePage {
        let (statement, place, isBackwards) =
            switch range {
            case .newest: (LogStatement.before, Int.max, true)
            case .before(let seq): (LogStatement.before, seq, true)
            case .after(let seq): (LogStatement.after, seq, false)
            }
        let found = try await read { db in
            try await db.all(statement, [conversation, identity.email, place, limit + 1]) { columns -> Message? in
                let project = try columns.next(ProjectID.self)
                return columns.isNull ? nil : try Message(&columns, projectID: project)
            }
        }
        // An empty log is a row all the same.
        guard !found.isEmpty else { throw ParleyError.notFound }
        let messages = found.compactMap(\.self)
        if isBackwards { return MessagePage(newestFirst: messages, limit: limit) }
        return MessagePage(messages: Array(messages.prefix(limit)), hasMore: messages.count > limit)
    }

    /// The newest messages of all of a project's conversations, oldest first.
    public func newestMessages(in project: ProjectID, limit: Int, as identity: Identity) async throws -> [Message] {
        let found = try await read { db in
            try await db.all(LogStatement.newestOfProject, [project, identity.email, limit]) { columns -> Message? in
                columns.isNull ? nil : try Message(&columns, projectID: project)
            }
        }
        guard !found.isEmpty else { throw ParleyError.notFound }
        return found.compactMap(\.self).reversed()
    }

    /// The messages changed since a revision, by revision.
    public func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage {
        let rows = try await read { db in
            try await db.rows(
                LogStatement.conversationWithChanges,
                [conversation, identity.email, max(0, revision), limit + 1]
            )
        }
        var (present, messages) = try decoding { try Conversation.withMessages(rows) }
        guard revision <= present.revision else {
            throw ParleyError(.resync, "The conversation has no revision \(revision); load it afresh.")
        }
        messages.sort { $0.revision < $1.revision }
        let hasMore = messages.count > limit
        if hasMore { messages.removeLast() }
        return ChangePage(
            conversation: present,
            messages: messages,
            revision: hasMore ? messages.last?.revision ?? revision : present.revision,
            hasMore: hasMore
        )
    }
}

extension PostgresStore: ChangeSource {
    /// A message as it is now; `nil` where it is gone.
    public func message(_ id: MessageID, in conversation: ConversationID) async throws -> Message? {
        try await read { db in
            try await db.first(
                """
                SELECT c.project_id, \(Message.columns) FROM conversation c
                JOIN message m ON m.conversation_id = c.id AND m.id = $2 WHERE c.id = $1
                """,
                [conversation, id]
            ) { columns in
                let project = try columns.next(ProjectID.self)
                return try Message(&columns, projectID: project)
            }
        }
    }

    /// A conversation as it is now; `nil` where it is gone.
    public func conversation(_ id: ConversationID) async throws -> Conversation? {
        try await read { db in
            try await db.first(
                "SELECT \(Conversation.columns) FROM conversation c WHERE c.id = $1",
                [id]
            ) { try Conversation(&$0) }
        }
    }
}
