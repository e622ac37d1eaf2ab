public import ParleyCore
import RedisWire

/// The query log: a sorted set for each day, and one of the days.
extension RedisStore: QueryLog {
    /// How many lines are read at once.
    static let queryLogPage = 500

    private static let addLines = RedisScript(
        """
        for i = 1, #ARGV, 3 do
            local known = false
            for _, line in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[i], ARGV[i])) do
                if string.sub(line, 1, #ARGV[i + 1]) == ARGV[i + 1] then known = true end
            end
            if not known then redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 2]) end
        end
        return 0
        """
    )

    /// Adds a line.
    public func record(_ entry: QueryLogEntry) async throws {
        try await addToQueryLog([entry])
    }

    /// Lines from `start` on, oldest first, at most `limit`.
    public func entries(since start: Timestamp, limit: Int) async throws -> [QueryLogEntry] {
        var entries: [QueryLogEntry] = []
        guard limit > 0 else { return [] }
        try await forEachQueryLogPage(from: start, pageSize: min(limit, Self.queryLogPage)) { page in
            entries += page.prefix(limit - entries.count)
            return entries.count < limit
        }
        return entries
    }

    /// Adds lines that are not there yet: the same time and message is the same line.
    func addToQueryLog(_ lines: [QueryLogEntry]) async throws {
        for (day, lines) in Dictionary(grouping: lines, by: { QueryLogDay(of: $0.time) }) {
            // First, so that every line is found.
            _ = try await send(["ZADD", .string(SideKeys.queryLogDays), .integer(day.number), .string(day.name)])
            _ = try await run(
                Self.addLines,
                keys: [.string(SideKeys.queryLog(of: day.name))],
                arguments: lines.flatMap { line -> [RedisArgument] in
                    [
                        .integer(line.time.microseconds), .string(QueryLogLine.beginning(of: line.messageID)),
                        .string(QueryLogLine(line).text),
                    ]
                }
            )
        }
    }

    private static let removeLines = RedisScript(
        """
        for i = 1, #ARGV, 2 do
            for _, line in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[i], ARGV[i])) do
                if string.sub(line, 1, #ARGV[i + 1]) == ARGV[i + 1] then redis.call('ZREM', KEYS[1], line) end
            end
        end
        return 0
        """
    )

    /// Removes lines: the same time and message is the same line.
    func removeFromQueryLog(_ lines: [QueryLogEntry]) async throws {
        for (day, lines) in Dictionary(grouping: lines, by: { QueryLogDay(of: $0.time) }) {
            _ = try await run(
                Self.removeLines,
                keys: [.string(SideKeys.queryLog(of: day.name))],
                arguments: lines.flatMap { line -> [RedisArgument] in
                    [.integer(line.time.microseconds), .string(QueryLogLine.beginning(of: line.messageID))]
                }
            )
        }
    }

    /// Goes through the log from a time on, in order of time and message, page by page, until `body` says no.
    func forEachQueryLogPage(
        from start: Timestamp,
        to end: Timestamp? = nil,
        pageSize: Int = queryLogPage,
        _ body: ([QueryLogEntry]) async throws -> Bool
    ) async throws {
        let last = end.map { "\(QueryLogDay(of: $0).number)" } ?? "+inf"
        let days = try await send([
            "ZRANGEBYSCORE", .string(SideKeys.queryLogDays), .integer(QueryLogDay(of: start).number), .string(last),
        ])
        .elements.compactMap(\.string)
        for day in days {
            var offset = 0
            while true {
                let reply = try await send([
                    "ZRANGEBYSCORE", .string(SideKeys.queryLog(of: day)), .integer(start.microseconds),
                    // Up to that time, but not with it.
                    .string(end.map { "(\($0.microseconds)" } ?? "+inf"), "WITHSCORES", "LIMIT", .integer(offset),
                    .integer(pageSize),
                ])
                let lines = reply.membersWithScores
                let entries = lines.compactMap { QueryLogLine($0.member, at: Timestamp(microseconds: $0.score))?.entry }
                guard try await body(entries) else { return }
                guard lines.count == pageSize else { break }
                offset += lines.count
            }
        }
    }

    /// Removes all lines of a person; says how many.
    func removeQueryLog(of email: EmailAddress) async throws -> Int {
        let days = try await send(["ZRANGE", .string(SideKeys.queryLogDays), 0, -1]).elements.compactMap(\.string)
        var removed = 0
        for day in days {
            let key = RedisArgument.string(SideKeys.queryLog(of: day))
            var offset = 0
            while true {
                let page = try await send([
                    "ZRANGE", key, .integer(offset), .integer(offset + Self.queryLogPage - 1),
                ])
                .elements.compactMap(\.string)
                guard !page.isEmpty else { break }
                let lines = page.filter { QueryLogLine($0, at: clock.now())?.entry.email == email }
                if !lines.isEmpty {
                    let reply = try await send(RedisCommand(["ZREM", key] + lines.map { .string($0) }))
                    removed += Int(reply.integer ?? 0)
                }
                // What comes in before this place meanwhile moves lines on, which are seen again.
                offset += page.count - lines.count
            }
        }
        return removed
    }
}

/// A day of the query log.
struct QueryLogDay: Hashable {
    /// Days since 1970 in UTC.
    let number: Int64
    /// As in `2026-05-04`.
    let name: String

    init(of time: Timestamp) {
        let inDay = time.microseconds % UsageSpan.dayMicroseconds
        let start = time.microseconds - (inDay < 0 ? inDay + UsageSpan.dayMicroseconds : inDay)
        number = start / UsageSpan.dayMicroseconds
        name = String(Timestamp(microseconds: start).description.prefix(10))
    }
}

extension RedisReply {
    /// A sorted set's members with their scores, which are whole numbers; in pairs, or by turns.
    var membersWithScores: [(member: String, score: Int64)] {
        let flat = elements.flatMap { $0.kind == .array ? Array($0.elements) : [$0] }
        return stride(from: 0, to: flat.count - 1, by: 2).compactMap { index in
            guard let member = flat[index].string, let score = flat[index + 1].double else { return nil }
            return (member, Int64(score))
        }
    }
}
