internal import GRDB
public import ParleyCore

extension SQLiteStore: UsageStore {
    /// What was done on some days.
    ///
    /// A statement for each day, over indices in the order of time: nothing is sorted that is longer than a day, and no text
    /// is walked over.
    public func usage(of span: UsageSpan) async throws -> Usage {
        try await read { db in
            var usage = Usage(of: span)
            for day in 0..<span.dayCount {
                let range: Arguments = [span.startOfDay(day), span.startOfDay(day + 1)]
                try Self.addMessages(in: range, on: day, to: &usage, db)
                let conversations = try db.first(UsageStatement.conversations, range) { try $0.next(Int.self) }
                usage.add(conversations: conversations ?? 0, on: day)
                let replies = try db.all(UsageStatement.replies, range) { columns in
                    (model: try columns.nextIfPresent(String.self), figures: try ReplyFigures(&columns))
                }
                for row in replies { usage.add(row.figures, of: row.model, on: day) }
            }
            usage.total.people =
                try db.first(UsageStatement.people, [span.start, span.end]) { try $0.next(Int.self) } ?? 0
            return usage
        }
    }

    private static func addMessages(
        in range: Arguments,
        on day: Int,
        to usage: inout Usage,
        _ db: Database
    ) throws {
        let row = try db.first(UsageStatement.messages, range) { columns in
            (try columns.next(Int.self), try MessageRole.allCases.map { _ in try columns.next(Int.self) })
        }
        guard let (people, counts) = row else { return }
        usage.days[day].people = people
        for (role, count) in zip(MessageRole.allCases, counts) { usage.add(messages: count, by: role, on: day) }
    }
}

/// What usage is read by, between two times.
enum UsageStatement {
    /// How many people wrote, and how many messages there are of each role.
    static let messages: String = {
        let counts = MessageRole.allCases.map { "count(*) FILTER (WHERE role = '\($0.rawValue)')" }
        return """
            SELECT count(DISTINCT author), \(counts.joined(separator: ", "))
            FROM message INDEXED BY message_usage WHERE created_at >= ? AND created_at < ?
            """
    }()

    static let people = """
        SELECT count(DISTINCT author) FROM message INDEXED BY message_usage WHERE created_at >= ? AND created_at < ?
        """

    static let conversations = "SELECT count(*) FROM conversation WHERE created_at >= ? AND created_at < ?"

    /// Replies that ended alike, by model and by how long they took.
    static let replies = """
        SELECT model, status, \(latencyStep) AS step, count(*), sum(latency_ms),
            coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0)
        FROM query_log WHERE time >= ? AND time < ? GROUP BY model, status, step
        """

    private static let latencyStep: String = {
        let cases = LatencyHistogram.steps.map { step in
            let start = "latency_ms - latency_ms % \(step.width)"
            return step.end.map { "WHEN latency_ms < \($0) THEN \(start)" } ?? "ELSE \(start)"
        }
        return "CASE \(cases.joined(separator: " ")) END"
    }()
}

extension ReplyFigures {
    fileprivate init(_ columns: inout Columns) throws {
        let status = try columns.next(MessageStatus.self)
        let step = try columns.next(Int.self)
        let count = try columns.next(Int.self)
        let sum = try columns.next(Int.self)
        self.init(
            count: count,
            status: status,
            promptTokens: try columns.next(),
            completionTokens: try columns.next(),
            latencyStep: step,
            latencySum: sum
        )
    }
}
