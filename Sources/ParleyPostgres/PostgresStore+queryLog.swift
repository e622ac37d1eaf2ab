internal import LibPQ
public import ParleyCore

extension PostgresStore: QueryLog {
    /// Adds a line.
    public func record(_ entry: QueryLogEntry) async throws {
        _ = try await write { try await $0.db.run(QueryLogEntry.insertion, entry.arguments) }
    }

    /// Lines from `start` on, oldest first, at most `limit`.
    public func entries(since start: Timestamp, limit: Int) async throws -> [QueryLogEntry] {
        try await read { db in
            try await db.all(
                "SELECT \(QueryLogEntry.columns) FROM query_log WHERE time >= $1 ORDER BY time, key LIMIT $2",
                [start, limit]
            ) { try QueryLogEntry(&$0) }
        }
    }
}

extension QueryLogEntry {
    /// What ``init(_:)`` reads.
    static let columns = """
        time, email, department, session_id, conversation_id, message_id, model, latency_ms, first_token_ms,
        prompt_tokens, completion_tokens, status
        """

    /// Stores a line.
    static let insertion = """
        INSERT INTO query_log (\(columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """

    /// Stores a line that is not there yet.
    static let insertionOfNew = """
        INSERT INTO query_log (\(columns)) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
        WHERE NOT EXISTS (SELECT FROM query_log WHERE time = $1 AND message_id = $6)
        """

    /// What ``insertion`` needs.
    var arguments: Arguments {
        Arguments([
            // What a token claims has passed no rule of ours.
            .value(time), .value(email), .value(department?.storable), .value(sessionID?.storable),
            .value(conversationID), .value(messageID), .value(model?.storable), .value(latencyMilliseconds),
            .value(firstTokenMilliseconds), .value(tokensUsed?.prompt), .value(tokensUsed?.completion), .value(status),
        ])
    }

    init(_ columns: inout Columns) throws {
        self.init(
            time: try columns.next(),
            email: try columns.next(),
            department: try columns.nextIfPresent(),
            sessionID: try columns.nextIfPresent(),
            conversationID: try columns.next(),
            messageID: try columns.next(),
            model: try columns.nextIfPresent(),
            latencyMilliseconds: try columns.next(),
            firstTokenMilliseconds: try columns.nextIfPresent(),
            tokensUsed: try TokenUsage(&columns),
            status: try columns.next()
        )
    }
}
