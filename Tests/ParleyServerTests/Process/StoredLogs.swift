import HTTPTypes
import ParleyCore
import Testing

/// All that a person can read of a server, as JSON.
struct StoredLogs: Sendable {
    /// The conversations by id.
    private(set) var conversations: [String: JSON] = [:]
    /// The messages of each conversation, in order.
    private(set) var messages: [String: [JSON]] = [:]

    /// Every message by its id; an id that stands twice has both.
    var byID: [String: [JSON]] {
        Dictionary(grouping: messages.values.joined()) { $0["id"]?.stringValue ?? "" }
    }

    /// Reads all, page by page.
    static func read(by caller: LiveCaller) async throws -> StoredLogs {
        var logs = StoredLogs()
        var cursor: String?
        repeat {
            let query = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await caller.get("/api/conversations?limit=100\(query)")
            try #require(page.status == .ok)
            for conversation in page["conversations"]?.arrayValue ?? [] {
                logs.conversations[try #require(conversation["id"]?.stringValue)] = conversation
            }
            cursor = page["next_cursor"]?.stringValue
        } while cursor != nil
        try await withThrowingTaskGroup(of: (String, [JSON]).self) { group in
            for id in logs.conversations.keys { group.addTask { (id, try await log(of: id, by: caller)) } }
            for try await (id, log) in group { logs.messages[id] = log }
        }
        return logs
    }

    private static func log(of conversation: String, by caller: LiveCaller) async throws -> [JSON] {
        var log: [JSON] = []
        while true {
            let page = try await caller.get(
                "/api/conversations/\(conversation)/messages?limit=100&after_seq=\(log.count)"
            )
            try #require(page.status == .ok)
            log += page["messages"]?.arrayValue ?? []
            guard page["has_more"] == true else { return log }
        }
    }
}
