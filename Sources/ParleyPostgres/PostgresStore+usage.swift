internal import LibPQ
public import ParleyCore

extension PostgresStore: UsageStore {
    /// What was done on some days.
    ///
    /// On a connection for what takes long, so that no reader of a conversation stands behind it.
    public func usage(of span: UsageSpan) async throws -> Usage {
        let range: Arguments = [span.start, span.end]
        return try await write(isLong: true) { transaction in
            var usage = Usage(of: span)
            let messages = try await transaction.db.allLong(UsageStatement.messages, range) { columns in
                (
                    day: try columns.nextIfPresent(Int.self),
                    people: try columns.next(Int.self),
                    counts: try MessageRole.allCases.map { _ in try columns.next(Int.self) }
                )
            }
            for row in messages {
                // The row of no day is that of all of them.
                guard let day = row.day else {
                    usage.total.people = row.people
                    continue
                }
                guard usage.days.indices.contains(day) else { continue }
                usage.days[day].people = row.people
                for (role, count) in zip(MessageRole.allCases, row.counts) {
                    usage.add(messages: count, by: role, on: day)
                }
            }
            let conversations = try await transaction.db.allLong(UsageStatement.conversations, range) { columns in
                (day: try columns.next(Int.self), count: try columns.next(Int.self))
            }
            for row in conversations { usage.add(conversations: row.count, on: row.day) }
            let replies = try await transaction.db.allLong(UsageStatement.replies, range) { columns in
                (
                    day: try columns.next(Int.self),
                    model: try columns.nextIfPresent(String.self),
                    figures: try ReplyFigures(&columns)
                )
            }
            for row in replies { usage.add(row.figures, of: row.model, on: row.day) }
            return usage
        }
    }
}

/// What usage is read by, between two midnights.
enum UsageStatement {
    /// For each day and for all of them, how many people wrote, and how many messages there are of each role.
    ///
    /// Counted by author first: what is left then is small enough to tell people apart in.
    static let messages: String = {
        let counts = MessageRole.allCases.map {
            "coalesce(sum(count) FILTER (WHERE role = '\($0.rawValue)'), 0)::bigint"
        }
        return """
            WITH counted AS (
                SELECT \(day(of: "created_at")) AS day, role, author, count(*) AS count
                FROM message WHERE created_at >= $1 AND created_at < $2 GROUP BY 1, 2, 3
            )
            SELECT day, count(DISTINCT author), \(counts.joined(separator: ", "))
            FROM counted GROUP BY GROUPING SETS ((day), ())
            """
    }()

    static let conversations = """
        SELECT \(day(of: "created_at")), count(*) FROM conversation
        WHERE created_at >= $1 AND created_at < $2 GROUP BY 1
        """

    /// Replies that ended alike, by day, model and how long they took.
    static let replies = """
        SELECT \(day(of: "time")), model, status, \(latencyStep), count(*), sum(latency_ms)::bigint,
            coalesce(sum(prompt_tokens), 0)::bigint, coalesce(sum(completion_tokens), 0)::bigint
        FROM query_log WHERE time >= $1 AND time < $2 GROUP BY 1, 2, 3, 4
        """

    private static func day(of column: String) -> String {
        "(\(column) - $1) / \(UsageSpan.dayMicroseconds)"
    }

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
