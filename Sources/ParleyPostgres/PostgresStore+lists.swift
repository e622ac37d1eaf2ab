internal import LibPQ
public import ParleyCore

extension PostgresStore {
    /// Conversations by `updatedAt`, newest first.
    public func conversations(
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<Conversation> {
        let arguments =
            Arguments([.value(identity.email), .value(filter.projectID), .value(filter.status)])
            + page.place(of: Conversation.self)
        let found = try await read { db in
            try await db.all(
                ListStatement.list(filter),
                arguments + (filter.query.map(\.arguments) ?? [page.placeHour])
            ) { columns -> Conversation? in
                try columns.requireVisible()
                return columns.isNull ? nil : try Conversation(&columns)
            }
        }
        return page.cut(found.compactMap(\.self)) { Cursor(time: $0.updatedAt, id: $0.id) }
    }

    /// Messages that match, newest first.
    public func search(
        _ query: SearchQuery,
        in project: ProjectID?,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<SearchHit> {
        let found = try await read { db in
            try await db.all(
                ListStatement.search,
                Arguments([.value(identity.email), .value(project)]) + page.place(of: Message.self) + query.arguments
            ) { columns -> (conversation: Conversation, message: Message)? in
                try columns.requireVisible()
                if columns.isNull { return nil }
                let conversation = try Conversation(&columns)
                return (conversation, try Message(&columns, projectID: conversation.projectID))
            }
        }
        let hits = found.compactMap(\.self).prefix(page.limit)
            .map { found in
                SearchHit(
                    conversation: found.conversation,
                    message: found.message,
                    snippet: query.snippet(of: found.message.content)
                )
            }
        let hasMore = found.count > page.limit
        let next = hits.last.flatMap { hasMore ? Cursor(time: $0.message.createdAt, id: $0.message.id) : nil }
        return Page(elements: hits, next: next)
    }
}

extension Columns {
    /// Reads whether the project that was asked for is one of the caller's, as ``ListStatement`` says it.
    fileprivate mutating func requireVisible() throws {
        if try !next(Bool.self) { throw ParleyError.notFound }
    }
}

/// The statements behind the lists.
///
/// Each tells in its first column whether the project that was asked for is one of the caller's, in a row without a find
/// where there is none. Their first arguments are an e-mail address and a project or NULL.
enum ListStatement {
    /// What a filter asks for.
    ///
    /// Whether they are pinned stands in the text: it is one of two.
    static func list(_ filter: ConversationFilter) -> String {
        let all = filter.query != nil ? titled : filter.status == .archived ? recentArchived : recent
        guard let isPinned = filter.isPinned else { return all }
        let place = "(i.updated_at, i.id) < ($4, $5)"
        return all.replacing(place, with: place + (isPinned ? " AND i.is_pinned" : " AND NOT i.is_pinned"))
    }

    /// By recency: of each of the caller's projects, the index gives the newest that the page could need, hour by hour.
    ///
    /// Further arguments: status or NULL, time and id of the place, limit, hour of the place.
    static let recent = """
        SELECT \(isVisible), \(Conversation.columns)
        FROM (SELECT) o LEFT JOIN (
            SELECT n.id AS found FROM project_member p CROSS JOIN LATERAL (
                SELECT i.id, i.updated_at FROM conversation i
                WHERE i.project_id = p.project_id AND i.updated_hour <= $7 AND (i.updated_at, i.id) < ($4, $5)
                    AND ($3::text IS NULL OR i.status = $3) AND \(Retention.keeps("i"))
                ORDER BY i.updated_hour DESC, i.updated_at DESC, i.id DESC LIMIT $6
            ) n
            WHERE p.email = $1 AND ($2::uuid IS NULL OR p.project_id = $2)
            ORDER BY n.updated_at DESC, n.id DESC LIMIT $6
        ) f ON true
        LEFT JOIN conversation c ON c.id = f.found
        ORDER BY c.updated_at DESC, c.id DESC
        """

    /// By recency, of those put away: few among many, so they have an index of their own.
    ///
    /// Its arguments are those of ``recent``.
    static let recentArchived = recent.replacing(
        "($3::text IS NULL OR i.status = $3)",
        with: "($3::text IS NOT NULL AND i.status = 'archived')"
    )

    /// By title, newest first.
    ///
    /// Further arguments: status or NULL, time and id of the place, limit, then the query's.
    static let titled = """
        SELECT \(isVisible), \(Conversation.columns)
        FROM (SELECT) o LEFT JOIN (
            SELECT n.id AS found FROM (
                SELECT i.id, i.project_id, i.updated_at FROM conversation i
                WHERE \(SearchQuery.condition(of: "i", first: 7)) AND (i.updated_at, i.id) < ($4, $5)
                    AND ($3::text IS NULL OR i.status = $3)
                ORDER BY i.updated_at DESC, i.id DESC OFFSET 0
            ) n
            CROSS JOIN LATERAL (
                SELECT FROM project_member p WHERE p.project_id = n.project_id AND p.email = $1
                    AND ($2::uuid IS NULL OR p.project_id = $2) AND \(Retention.keeps("n")) OFFSET 0
            ) a
            ORDER BY n.updated_at DESC, n.id DESC LIMIT $6
        ) f ON true
        LEFT JOIN conversation c ON c.id = f.found
        ORDER BY c.updated_at DESC, c.id DESC
        """

    /// Messages by text, newest first, each with its conversation.
    ///
    /// The index's candidates are sorted before the access is checked, so that it is for those that are on the page only:
    /// they are of the caller's projects already. Further arguments: time and id of the place, limit, then the query's.
    static let search = """
        SELECT \(isVisible), \(Conversation.columns), \(Message.columns)
        FROM (SELECT) o LEFT JOIN (
            SELECT n.conversation_id, n.seq FROM (
                SELECT i.conversation_id, i.seq, i.created_at, i.id FROM message i
                WHERE \(SearchQuery.condition(of: "i", first: 6)) AND (i.created_at, i.id) < ($3, $4)
                ORDER BY i.created_at DESC, i.id DESC OFFSET 0
            ) n
            CROSS JOIN LATERAL (
                SELECT FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $1
                WHERE c.id = n.conversation_id AND ($2::uuid IS NULL OR c.project_id = $2) AND \(Retention.keeps()) OFFSET 0
            ) a
            ORDER BY n.created_at DESC, n.id DESC LIMIT $5
        ) f ON true
        LEFT JOIN message m ON m.conversation_id = f.conversation_id AND m.seq = f.seq
        LEFT JOIN conversation c ON c.id = f.conversation_id
        ORDER BY m.created_at DESC, m.id DESC
        """

    private static let isVisible = """
        ($2::uuid IS NULL OR EXISTS (SELECT FROM project_member v WHERE v.project_id = $2 AND v.email = $1))
        """
}
