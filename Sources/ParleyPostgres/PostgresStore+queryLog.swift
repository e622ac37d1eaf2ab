public import ParleyCore

extension PostgresStore: QueryLog {
    /// Adds a line.
    public func record(_ entry: QueryLogEntry) async throws {
        _ = try await write { transaction in
            try await transaction.db.run(
                """
                INSERT INTO query_log (time, email, department, session_id, conversation_id, message_id, model, latency_ms,
                    first_token_ms, prompt_tokens, completion_tokens, status)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                """,
                Arguments([
                    // What a token claims has passed no rule of ours.
                    .value(entry.time), .value(entry.email), .value(entry.department?.storable),
                    .value(entry.sessionID?.storable), .value(entry.conversationID), .value(entry.messageID),
                    .value(entry.model?.storable), .value(entry.latencyMilliseconds),
                    .value(entry.firstTokenMilliseconds), .value(entry.tokensUsed?.prompt),
                    .value(entry.tokensUsed?.completion), .value(entry.status),
                ])
            )
        }
    }

    /// Lines from `start` on, oldest first, at most `limit`.
    public func entries(since start: Timestamp, limit: Int) async throws -> [QueryLogEntry] {
        try await read { db in
            try await db.all(
                """
                SELECT time, email, department, session_id, conversation_id, message_id, model, latency_ms, first_token_ms,
                    prompt_tokens, completion_tokens, status
                FROM query_log WHERE time >= $1 ORDER BY time, key LIMIT $2
                """,
                [start, limit]
            ) { columns in
                QueryLogEntry(
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
    }
}
