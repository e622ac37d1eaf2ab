internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// A conversation with its newest messages, oldest first, from one snapshot.
    public func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) async throws -> (conversation: Conversation, page: MessagePage) {
        try await read { db in
            let conversation = try db.visibleConversation(id, as: identity)
            return (
                conversation, try db.messages(of: conversation.id, in: conversation.projectID, .newest, limit: limit)
            )
        }
    }

    /// Conversations by `updatedAt`, newest first.
    public func conversations(
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<Conversation> {
        try await read { db in
            if let project = filter.projectID { try db.requireProject(project, for: .read, as: identity) }
            let place = page.place(of: Conversation.self)
            let found =
                if let query = filter.query {
                    try db.all(
                        ListStatement.titled,
                        [identity.email, filter.projectID, filter.status] + place + [SearchIndex.pattern(of: query)]
                    ) { try Conversation(&$0) }
                } else {
                    try db.all(
                        ListStatement.recent,
                        [identity.email, filter.projectID, filter.status] + place
                    ) { try Conversation(&$0) }
                }
            return page.cut(found) {
                Cursor(time: $0.updatedAt, id: $0.id)
            } load: {
                $0
            }
        }
    }

    /// A part of a log.
    public func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) async throws -> MessagePage {
        try await read { db in
            let state = try db.conversationState(conversation, for: .read, as: identity)
            return try db.messages(of: conversation, in: state.projectID, range, limit: limit)
        }
    }

    /// The messages changed since a revision, by revision.
    public func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage {
        try await read { db in
            let present = try db.visibleConversation(conversation, as: identity)
            guard revision <= present.revision else {
                throw ParleyError(.resync, "The conversation has no revision \(revision); load it afresh.")
            }
            var messages = try db.all(
                """
                SELECT \(Message.columns) FROM message m
                WHERE m.conversation_id = ? AND m.revision > ? ORDER BY m.revision LIMIT ?
                """,
                [conversation, max(0, revision), limit + 1]
            ) { try Message(&$0, projectID: present.projectID) }
            let hasMore = messages.count > limit
            if hasMore { messages.removeLast() }
            try db.fillIn(&messages)
            return ChangePage(
                conversation: present,
                messages: messages,
                revision: hasMore ? messages.last?.revision ?? revision : present.revision,
                hasMore: hasMore
            )
        }
    }
}

/// The statements behind the list of conversations.
enum ListStatement {
    /// By recency: of each of the caller's projects, the index gives the newest that the page could need.
    ///
    /// Arguments: e-mail address, project or NULL, status or NULL, time and id of the place, limit.
    static let recent = """
        SELECT \(Conversation.columns)
        FROM (
            SELECT c.key AS found FROM project_member p CROSS JOIN conversation c ON c.key IN (
                SELECT i.key FROM conversation i
                WHERE i.project_id = p.project_id AND (i.updated_at, i.id) < (?4, ?5) AND (?3 IS NULL OR i.status = ?3)
                ORDER BY i.updated_at DESC, i.id DESC LIMIT ?6
            )
            WHERE p.email = ?1 AND (?2 IS NULL OR p.project_id = ?2)
            ORDER BY c.updated_at DESC, c.id DESC LIMIT ?6
        )
        CROSS JOIN conversation c ON c.key = found
        ORDER BY c.updated_at DESC, c.id DESC
        """

    /// By title, newest first.
    ///
    /// Arguments: as of ``recent``, then the index's pattern.
    static let titled = """
        SELECT \(Conversation.columns)
        FROM (
            SELECT c.key AS found FROM conversation_terms t CROSS JOIN conversation c ON c.key = t.rowid
            CROSS JOIN project_member p ON p.project_id = c.project_id AND p.email = ?1
            WHERE t.conversation_terms MATCH ?7 AND (?2 IS NULL OR c.project_id = ?2)
                AND (c.updated_at, c.id) < (?4, ?5) AND (?3 IS NULL OR c.status = ?3)
            ORDER BY c.updated_at DESC, c.id DESC LIMIT ?6
        )
        CROSS JOIN conversation c ON c.key = found
        ORDER BY c.updated_at DESC, c.id DESC
        """
}

/// The statements behind the parts of a log.
enum LogStatement {
    /// Newest first, before a `seq`.
    static let before = """
        SELECT \(Message.columns) FROM message m WHERE m.conversation_id = ? AND m.seq < ? ORDER BY m.seq DESC LIMIT ?
        """
    /// Oldest first, after a `seq`.
    static let after = """
        SELECT \(Message.columns) FROM message m WHERE m.conversation_id = ? AND m.seq > ? ORDER BY m.seq LIMIT ?
        """
}

extension Database {
    /// A conversation that the caller sees.
    func visibleConversation(_ id: ConversationID, as identity: Identity) throws -> Conversation {
        let conversation = try first(
            """
            SELECT \(Conversation.columns)
            FROM conversation c CROSS JOIN project_member p ON p.project_id = c.project_id AND p.email = ?2
            WHERE c.id = ?1
            """,
            [id, identity.email]
        ) { try Conversation(&$0) }
        guard let conversation else { throw ParleyError.notFound }
        return conversation
    }

    /// A part of a log, whose access has been checked in this transaction.
    func messages(
        of conversation: ConversationID,
        in project: ProjectID,
        _ range: MessageRange,
        limit: Int
    ) throws -> MessagePage {
        let (statement, place, isBackwards) =
            switch range {
            case .newest: (LogStatement.before, Int.max, true)
            case .before(let seq): (LogStatement.before, seq, true)
            case .after(let seq): (LogStatement.after, seq, false)
            }
        var messages = try all(statement, [conversation, place, limit + 1]) { try Message(&$0, projectID: project) }
        let hasMore = messages.count > limit
        if hasMore { messages.removeLast() }
        if isBackwards { messages.reverse() }
        try fillIn(&messages)
        return MessagePage(messages: messages, hasMore: hasMore)
    }
}
