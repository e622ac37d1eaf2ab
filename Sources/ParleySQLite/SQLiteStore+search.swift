internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// Messages that match, newest first.
    public func search(
        _ query: SearchQuery,
        in project: ProjectID?,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<SearchHit> {
        let page = try await read { db in
            if let project { try db.requireProject(project, for: .read, as: identity) }
            let found = try db.all(
                Self.searchStatement,
                [identity.email, project] + page.place(of: Message.self) + [SearchIndex.pattern(of: query)]
            ) { columns in
                let conversation = try Conversation(&columns)
                return (conversation: conversation, message: try Message(&columns, projectID: conversation.projectID))
            }
            return page.cut(found) {
                Cursor(time: $0.message.createdAt, id: $0.message.id)
            } load: {
                $0
            }
        }
        // Cut after the reading: a connection is not kept for it.
        let hits = page.elements.map { found in
            SearchHit(
                conversation: found.conversation,
                message: found.message,
                snippet: query.snippet(of: found.message.content)
            )
        }
        return Page(elements: hits, next: page.next)
    }

    /// Arguments: e-mail address, project or NULL, time and id of the place, limit, the index's pattern.
    static let searchStatement = """
        SELECT \(Conversation.columns), \(Message.columns)
        FROM (
            SELECT m.key AS found FROM message_terms t CROSS JOIN message m ON m.key = t.rowid
            CROSS JOIN conversation c ON c.id = m.conversation_id
            CROSS JOIN project_member p ON p.project_id = c.project_id AND p.email = ?1
            WHERE t.message_terms MATCH ?6 AND (?2 IS NULL OR c.project_id = ?2) AND (m.created_at, m.id) < (?3, ?4)
                AND \(Retention.keeps())
            ORDER BY m.created_at DESC, m.id DESC LIMIT ?5
        )
        CROSS JOIN message m ON m.key = found
        CROSS JOIN conversation c ON c.id = m.conversation_id
        ORDER BY m.created_at DESC, m.id DESC
        """
}
