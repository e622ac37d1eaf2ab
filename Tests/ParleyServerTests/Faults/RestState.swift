import HTTPTypes
import LibPQ
import NIOCore
import ParleyCore
import RedisWire
import Testing

/// What is there when nothing happens any more: in the truth, in the cache, and as each instance shows it.
struct RestState: Sendable {
    var truth: [String: JournalCheck.Log] = [:]
    var replies: [String: [UInt8]] = [:]
    var views: [JournalCheck.View] = []
    /// Which version each log is at.
    private var tags: [String: Int] = [:]

    /// Reads what there is of some conversations.
    static func read(_ conversations: Set<String>, in cluster: Cluster, _ database: FaultPostgres) async throws
        -> RestState
    {
        var state = RestState()
        try await database.withConnection { try await state.readTruth(conversations, $0) }
        for instance in cluster.instances.indices {
            let caller = cluster.caller(instance)
            var (newest, all): ([String: [Sight]], [String: [Sight]]) = ([:], [:])
            for id in state.truth.keys {
                newest[id] = try await page("?limit=15", of: id, caller).sights
                all[id] = try await log(of: id, caller)
            }
            state.views.append(JournalCheck.View(name: "instance \(instance)", logs: all))
            state.views.append(JournalCheck.View(name: "instance \(instance), newest", logs: newest))
        }
        let known = state
        let cached = try await cluster.redis.withClient { try await known.cached($0) }
        state.views.append(JournalCheck.View(name: "the cache", logs: cached))
        return state
    }

    private mutating func readTruth(_ conversations: Set<String>, _ connection: PostgresConnection) async throws {
        let ids = conversations.sorted().joined(separator: ",")
        let rows = try await connection.query(
            """
            SELECT id::text, revision, message_count, tag FROM conversation
            WHERE id = ANY (string_to_array($1, ',')::uuid[])
            """,
            [ids]
        )
        for row in rows {
            let id: String = try row.decode(0)
            truth[id] = JournalCheck.Log(revision: try row.decode(1), count: try row.decode(2), messages: [])
            tags[id] = try row.decode(3)
        }
        let messages = try await connection.query(
            """
            SELECT conversation_id::text, id::text, seq, revision, status, content, role FROM message
            WHERE conversation_id = ANY (string_to_array($1, ',')::uuid[]) ORDER BY conversation_id, seq
            """,
            [ids]
        )
        for row in messages {
            let content: String = try row.decode(5)
            let sight = Sight(
                id: try row.decode(1),
                seq: try row.decode(2),
                revision: try row.decode(3),
                status: try row.decode(4),
                text: content.byteHash
            )
            truth[try row.decode(0, as: String.self)]?.messages.append(sight)
            if try row.decode(6, as: String.self) == "assistant" { replies[sight.id] = Array(content.utf8) }
        }
    }

    private static func page(
        _ query: String,
        of id: String,
        _ caller: LiveCaller
    ) async throws -> (sights: [Sight], hasMore: Bool) {
        let answer = try await caller.get("/api/conversations/\(id)/messages\(query)")
        try #require(answer.status == .ok)
        let messages = answer["messages"]?.arrayValue ?? []
        return (messages.compactMap { Sight($0) }, answer["has_more"] == true)
    }

    private static func log(of id: String, _ caller: LiveCaller) async throws -> [Sight] {
        var log: [Sight] = []
        while true {
            let page = try await page("?limit=100&after_seq=\(log.count)", of: id, caller)
            log += page.sights
            guard page.hasMore else { return log }
        }
    }

    /// The lists that a reader would believe; of the others nothing is promised.
    private func cached(_ redis: RedisClient) async throws -> [String: [Sight]] {
        var logs: [String: [Sight]] = [:]
        for (id, log) in truth {
            let reply = try await redis.send(["LRANGE", "conversation:\(id):messages", "0", "-1"])
            let elements = try reply.elements.map { try JSON(parsing: Array(($0.string ?? "").utf8)) }
            guard let head = elements.first, head["tag"]?.stringValue == tag(of: id) else { continue }
            try #require(elements.count == min(15, log.count), "The list of \(id) is of another length.")
            logs[id] = elements.reversed().compactMap { $0["message"].flatMap { Sight($0) } }
        }
        return logs
    }

    private func tag(of id: String) -> String? {
        guard let tag = tags[id] else { return nil }
        let digits = String(UInt64(bitPattern: Int64(tag)), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
