internal import LibPQ
internal import ParleyCore

/// The statements behind the parts of a log.
///
/// Each checks the access itself, and tells by its first row that there is something to see. Their arguments are a
/// conversation, an e-mail address, a place and how many, unless they say otherwise.
package enum LogStatement {
    /// Newest first, before a `seq`: rows of the project and a message.
    package static let before = part("m.seq < $3", order: "m.seq DESC")
    /// Oldest first, after a `seq`: rows of the project and a message.
    static let after = part("m.seq > $3", order: "m.seq")

    /// The conversation, and its newest messages before a `seq`.
    static let conversationWithNewest = withConversation("m.seq < $3", order: "m.seq DESC")
    /// The conversation, and its messages behind a revision.
    static let conversationWithChanges = withConversation("m.revision > $3", order: "m.revision")

    /// The newest messages of a project's logs, newest first.
    ///
    /// The logs that changed last tell how old a message can be at most; the index then gives those that changed since, and
    /// no other can hold one of them. Arguments: project, e-mail address, how many.
    static let newestOfProject = """
        WITH sample AS (
            SELECT n.created_at FROM (
                SELECT c.id FROM conversation c
                JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
                WHERE c.project_id = $1 AND c.last_message_at IS NOT NULL AND \(Retention.keeps())
                ORDER BY c.updated_hour DESC LIMIT $3
            ) l
            CROSS JOIN LATERAL (
                SELECT m.created_at FROM message m WHERE m.conversation_id = l.id AND m.status <> 'deleted'
                ORDER BY m.seq DESC LIMIT $3
            ) n
            ORDER BY n.created_at DESC LIMIT $3
        ),
        bound AS (
            SELECT CASE count(*) WHEN $3 THEN min(created_at) ELSE -9223372036854775808 END AS oldest FROM sample
        ),
        newest AS (
            SELECT n.conversation_id, n.seq, n.created_at FROM bound b
            JOIN conversation l ON l.project_id = $1 AND l.updated_hour >= b.oldest / 3600000000
                AND l.last_message_at >= b.oldest
            JOIN project_member q ON q.project_id = l.project_id AND q.email = $2 AND \(Retention.keeps("l", for: "q"))
            CROSS JOIN LATERAL (
                SELECT m.conversation_id, m.seq, m.created_at FROM message m
                WHERE m.conversation_id = l.id AND m.status <> 'deleted' ORDER BY m.seq DESC LIMIT $3
            ) n
            ORDER BY n.created_at DESC, n.conversation_id DESC, n.seq DESC LIMIT $3
        )
        SELECT \(Message.columns) FROM project_member p
        LEFT JOIN (newest n JOIN message m ON m.conversation_id = n.conversation_id AND m.seq = n.seq) ON true
        WHERE p.project_id = $1 AND p.email = $2
        ORDER BY n.created_at DESC, n.conversation_id DESC, n.seq DESC
        """

    private static func part(_ condition: String, order: String) -> String {
        """
        SELECT c.project_id, \(Message.columns)
        FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
        LEFT JOIN LATERAL (
            SELECT * FROM message m WHERE m.conversation_id = c.id AND \(condition) ORDER BY \(order) LIMIT $4
        ) m ON true
        WHERE c.id = $1 AND \(Retention.keeps()) ORDER BY \(order)
        """
    }

    // In rows of two kinds, so that what is long of the conversation doesn't come again with each message.
    private static func withConversation(_ condition: String, order: String) -> String {
        """
        WITH seen AS MATERIALIZED (
            SELECT c.id FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
            WHERE c.id = $1 AND \(Retention.keeps())
        )
        SELECT \(Conversation.columns), \(Message.noColumns) FROM seen s JOIN conversation c ON c.id = s.id
        UNION ALL
        SELECT \(Conversation.noColumns), \(Message.columns) FROM seen s CROSS JOIN LATERAL (
            SELECT * FROM message m WHERE m.conversation_id = s.id AND \(condition) ORDER BY \(order) LIMIT $4
        ) m
        """
    }
}

extension Conversation {
    /// Reads what ``LogStatement/conversationWithNewest`` and its like have found; the messages are in no order.
    static func withMessages(_ rows: PostgresRows) throws -> (conversation: Conversation, messages: [Message]) {
        var found: Conversation?
        for row in rows where !row.isNull(0) {
            var columns = Columns(row)
            found = try Conversation(&columns)
        }
        guard let conversation = found else { throw ParleyError.notFound }
        let messages = try rows.filter { $0.isNull(0) }
            .map { row in
                var columns = Columns(row, from: columnCount)
                return try Message(&columns, projectID: conversation.projectID)
            }
        return (conversation, messages)
    }
}

extension MessagePage {
    /// The newest of some messages, of which there is one more than is asked for where there are older ones.
    init(newestFirst messages: [Message], limit: Int) {
        let newest = messages.sorted { $0.seq > $1.seq }.prefix(limit)
        self.init(messages: newest.reversed(), hasMore: messages.count > limit)
    }
}
