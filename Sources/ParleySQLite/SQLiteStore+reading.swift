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
                        [identity.email, filter.projectID, filter.status] + place
                            + [SearchIndex.pattern(of: query), filter.isPinned]
                    ) { try Conversation(&$0) }
                } else {
                    try db.all(
                        filter.isPinned == nil ? ListStatement.recent : ListStatement.recentPinned,
                        [identity.email, filter.projectID, filter.status] + place
                            + (filter.isPinned.map { [$0] } ?? [])
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

    /// The newest messages of all of a project's conversations, oldest first.
    ///
    /// Walks over its logs from the one that was last appended to, until no further one can hold a newer message.
    public func newestMessages(in project: ProjectID, limit: Int, as identity: Identity) async throws -> [Message] {
        try await read { db in
            try db.requireProject(project, for: .read, as: identity)
            let logs = try db.all(
                """
                SELECT c.id, c.last_message_at
                FROM project_member p CROSS JOIN conversation c ON c.project_id = p.project_id
                WHERE p.project_id = ? AND p.email = ? AND c.last_message_at IS NOT NULL AND \(Retention.keeps())
                ORDER BY c.last_message_at DESC
                """,
                [project, identity.email]
            ) { (id: try $0.next(ConversationID.self), lastMessageAt: try $0.next(Timestamp.self)) }
            var newest: [Message] = []
            for log in logs {
                if newest.count == limit, let oldest = newest.last, log.lastMessageAt < oldest.createdAt { break }
                newest += try db.all(LogStatement.newest, [log.id, limit]) { try Message(&$0, projectID: project) }
                newest.sort { ($0.createdAt, $0.conversationID, $0.seq) > ($1.createdAt, $1.conversationID, $1.seq) }
                newest.removeLast(max(0, newest.count - limit))
            }
            try db.fillIn(&newest)
            return newest.reversed()
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
                    AND \(Retention.keeps("i"))
                ORDER BY i.updated_at DESC, i.id DESC LIMIT ?6
            )
            WHERE p.email = ?1 AND (?2 IS NULL OR p.project_id = ?2)
            ORDER BY c.updated_at DESC, c.id DESC LIMIT ?6
        )
        CROSS JOIN conversation c ON c.key = found
        ORDER BY c.updated_at DESC, c.id DESC
        """

    /// By recency, of those that are pinned, or that aren't.
    ///
    /// Arguments: as of ``recent``, then whether they are.
    static let recentPinned = recent.replacing(
        "(?3 IS NULL OR i.status = ?3)",
        with: "(?3 IS NULL OR i.status = ?3) AND i.is_pinned = ?7"
    )

    /// By title, newest first.
    ///
    /// Arguments: as of ``recent``, then the index's pattern, and whether they are pinned or NULL.
    static let titled = """
        SELECT \(Conversation.columns)
        FROM (
            SELECT c.key AS found FROM conversation_terms t CROSS JOIN conversation c ON c.key = t.rowid
            CROSS JOIN project_member p ON p.project_id = c.project_id AND p.email = ?1
            WHERE t.conversation_terms MATCH ?7 AND (?2 IS NULL OR c.project_id = ?2)
                AND (c.updated_at, c.id) < (?4, ?5) AND (?3 IS NULL OR c.status = ?3)
                AND (?8 IS NULL OR c.is_pinned = ?8) AND \(Retention.keeps())
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
    /// Newest first, without deleted ones.
    static let newest = """
        SELECT \(Message.columns) FROM message m WHERE m.conversation_id = ? AND m.status <> 'deleted'
        ORDER BY m.seq DESC LIMIT ?
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
            WHERE c.id = ?1 AND \(Retention.keeps())
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
