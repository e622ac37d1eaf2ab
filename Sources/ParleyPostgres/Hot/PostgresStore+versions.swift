internal import LibPQ
public import ParleyCore

extension PostgresStore: VersionedStore {
    /// The present versions of several logs, each with its reader's access checked, by one statement.
    public func logVersions(_ questions: [LogQuestion]) async throws -> [LogVersion?] {
        guard !questions.isEmpty else { return [] }
        let arguments = Arguments([
            .column(questions.map(\.conversationID)),
            .column(questions.map(\.reader)),
            .value(questions.count),
        ])
        return try await read { db in
            var versions: [LogVersion?] = questions.map { _ in nil }
            for row in try await db.rows(VersionStatement.several, arguments) {
                var columns = Columns(row)
                let index = try columns.next(Int.self) - 1
                guard versions.indices.contains(index) else { throw Columns.Unreadable(index: 0) }
                versions[index] = try LogVersion(&columns)
            }
            return versions
        }
    }

    /// The newest messages, oldest first, and the version they are of, from one snapshot.
    public func newestMessagesWithVersion(
        in conversation: ConversationID,
        limit: Int,
        as identity: Identity
    ) async throws -> (page: MessagePage, version: LogVersion) {
        let rows = try await read { db in
            try await db.rows(VersionStatement.withNewest, [conversation, identity.email, limit + 1])
        }
        return try decoding {
            var version: LogVersion?
            var messages: [Message] = []
            for row in rows {
                var columns = Columns(row)
                let project = try columns.next(ProjectID.self)
                version = try LogVersion(&columns)
                // An empty log is a row all the same.
                if !columns.isNull { messages.append(try Message(&columns, projectID: project)) }
            }
            guard let version else { throw ParleyError.notFound }
            return (MessagePage(newestFirst: messages, limit: limit), version)
        }
    }
}

/// The statements that ask for versions.
enum VersionStatement {
    /// What ``LogVersion/init(_:)`` reads, of a conversation `c`.
    static let columns = """
        c.tag, c.revision, c.message_count,
        EXISTS (SELECT 1 FROM live_reply l WHERE l.conversation_id = c.id) AS is_streaming
        """

    /// Of several conversations, each with its reader's access checked.
    ///
    /// Arguments: conversations, readers, how many.
    static let several = """
        SELECT q.n, v.* FROM ROWS FROM (
            unnest($1::uuid[]), unnest($2::text[]), generate_series(1, $3::int8)
        ) AS q(conversation_id, email, n)
        CROSS JOIN LATERAL (
            SELECT \(columns) FROM conversation c
            WHERE c.id = q.conversation_id AND (
                SELECT \(Retention.keeps(for: "m")) FROM project_member m
                WHERE m.project_id = c.project_id AND m.email = q.email
            )
            OFFSET 0
        ) v
        """

    /// Of a conversation with its newest messages, newest first: rows of the project, the version and a message.
    ///
    /// Arguments: conversation, e-mail address, how many.
    static let withNewest = """
        WITH c AS MATERIALIZED (
            SELECT c.project_id, c.id, \(columns) FROM conversation c
            WHERE c.id = $1 AND (
                SELECT \(Retention.keeps(for: "m")) FROM project_member m
                WHERE m.project_id = c.project_id AND m.email = $2
            )
        )
        SELECT c.project_id, c.tag, c.revision, c.message_count, c.is_streaming, \(Message.columns) FROM c
        LEFT JOIN LATERAL (
            SELECT * FROM message m WHERE m.conversation_id = c.id ORDER BY m.seq DESC LIMIT $3
        ) m ON true
        ORDER BY m.seq DESC
        """
}

extension LogVersion {
    /// Reads the version's columns.
    init(_ columns: inout Columns) throws {
        self.init(
            tag: try columns.next(),
            revision: try columns.next(),
            messageCount: try columns.next(),
            isStreaming: try columns.next()
        )
    }
}
