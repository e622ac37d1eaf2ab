public import ParleyCore
import RedisWire

/// What was done, counted from what is there: Redis keeps no figures beside it that could be wrong.
///
/// It reads the conversations that changed in or after the days asked for, and those that hold messages later than
/// themselves, in calls of at most ``UsageScripts/messagesPerCall`` messages, so that nobody waits long behind one.
extension RedisStore: UsageStore {
    /// How many conversations are looked at in one call.
    private static let conversationsPerCall = 100

    /// What was done on some days.
    public func usage(of span: UsageSpan) async throws -> Usage {
        var counting = UsageCounting(span)
        for project in try await allProjects() {
            try await forEachChangedSession(in: project, since: span.start) { sessions in
                try await count(sessions, in: project, &counting)
            }
        }
        try await forEachQueryLogPage(from: span.start, to: span.end) { lines in
            for line in lines { counting.add(line) }
            return true
        }
        return counting.usage
    }

    private func count(
        _ sessions: [RedisArgument],
        in project: ProjectID,
        _ counting: inout UsageCounting
    ) async throws {
        var (done, rest) = (0, -1)
        while done < sessions.count {
            let limits: [RedisArgument] = [
                .integer(counting.span.start.microseconds), .integer(counting.span.end.microseconds),
                .integer(UsageScripts.messagesPerCall), .integer(rest),
            ]
            let reply = try await run(
                UsageScripts.count,
                keys: [.string(TruthKeys.project(project))],
                arguments: limits + sessions[done...]
            )
            let answer = Array(reply.elements)
            guard answer.count == 3, let more = answer[0].integer, let place = answer[1].integer else {
                throw UnreadableRecord(what: "usage")
            }
            done += Int(more)
            rest = Int(place)
            for line in answer[2].elements { counting.add(Array(line.elements)) }
        }
    }

    /// Goes through the conversations of a project that changed since a time, and those with messages later than that.
    private func forEachChangedSession(
        in project: ProjectID,
        since start: Timestamp,
        _ body: ([RedisArgument]) async throws -> Void
    ) async throws {
        let base = TruthKeys.project(project)
        var seen = Set(try await send(["SMEMBERS", .string(base + ":ahead")]).elements.compactMap(\.string))
        if !seen.isEmpty {
            let ahead = Array(seen)
            for place in stride(from: 0, to: ahead.count, by: Self.conversationsPerCall) {
                try await body(ahead[place...].prefix(Self.conversationsPerCall).map { .string($0) })
            }
        }
        // By the score that was seen last, and not by place: what changes meanwhile moves to the end.
        var (score, offset) = (start.microseconds, 0)
        while true {
            let page = try await send([
                "ZRANGEBYSCORE", .string(base + ":recent"), .integer(score), "+inf", "WITHSCORES", "LIMIT",
                .integer(offset), .integer(Self.conversationsPerCall),
            ])
            .membersWithScores
            let new = page.filter { seen.insert($0.member).inserted }
            if !new.isEmpty { try await body(new.map { .string($0.member) }) }
            guard page.count == Self.conversationsPerCall, let last = page.last else { return }
            offset = last.score == score ? offset + page.count : 0
            score = last.score
        }
    }
}

/// Figures in the making.
struct UsageCounting {
    let span: UsageSpan
    private var figures: Usage
    private var people: [Int: Set<String>] = [:]

    init(_ span: UsageSpan) {
        self.span = span
        figures = Usage(of: span)
    }

    /// What was counted.
    var usage: Usage {
        var usage = figures
        for (day, people) in people where usage.days.indices.contains(day) { usage.days[day].people = people.count }
        usage.total.people = people.values.reduce(into: Set()) { $0.formUnion($1) }.count
        return usage
    }

    /// Adds a line of ``UsageScripts/count``.
    mutating func add(_ line: [RedisReply]) {
        guard line.count >= 2, let day = line[1].integer.map({ Int($0) }) else { return }
        switch line[0].string {
        case "conversation": figures.add(conversations: 1, on: day)
        case "messages":
            guard line.count == 4, let role = line[2].string.flatMap(MessageRole.init(rawValue:)),
                let count = line[3].integer
            else { return }
            figures.add(messages: Int(count), by: role, on: day)
        case "author":
            guard line.count == 3, let text = line[2].string, let address = try? JSON(parsing: text).stringValue else {
                return
            }
            people[day, default: []].insert(address)
        default: break
        }
    }

    /// Adds a line of the query log.
    mutating func add(_ line: QueryLogEntry) {
        guard let day = span.day(of: line.time) else { return }
        let replies = ReplyFigures(
            count: 1,
            status: line.status,
            promptTokens: line.tokensUsed?.prompt ?? 0,
            completionTokens: line.tokensUsed?.completion ?? 0,
            latencyStep: LatencyHistogram.stepStart(of: line.latencyMilliseconds),
            latencySum: line.latencyMilliseconds
        )
        figures.add(replies, of: line.model, on: day)
    }
}
