internal import GRDB
public import ParleyCore

extension SQLiteStore: QueryLog {
    /// Adds a line.
    public func record(_ entry: QueryLogEntry) async throws {
        try await write { try $0.db.insert(entry) }
    }

    /// Lines from `start` on, oldest first, at most `limit`.
    public func entries(since start: Timestamp, limit: Int) async throws -> [QueryLogEntry] {
        try await read { db in
            try db.all(
                "SELECT \(QueryLogEntry.columns) FROM query_log WHERE time >= ? ORDER BY time, key LIMIT ?",
                [start, limit]
            ) { try QueryLogEntry(&$0) }
        }
    }
}

extension Database {
    /// Stores a line.
    func insert(_ entry: QueryLogEntry) throws {
        try run(
            """
            INSERT INTO query_log (time, email, department, session_id, conversation_id, message_id, model, latency_ms,
                first_token_ms, prompt_tokens, completion_tokens, status)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                entry.time, entry.email, entry.department, entry.sessionID, entry.conversationID, entry.messageID,
                entry.model, entry.latencyMilliseconds, entry.firstTokenMilliseconds, entry.tokensUsed?.prompt,
                entry.tokensUsed?.completion, entry.status,
            ]
        )
    }
}

extension QueryLogEntry {
    /// What ``init(_:)`` reads.
    static let columns = """
        time, email, department, session_id, conversation_id, message_id, model, latency_ms, first_token_ms,
        prompt_tokens, completion_tokens, status
        """

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
