import HTTPTypes
import ParleyCore

/// What there is in the end, as every instance says it over REST.
struct RunTruth: Sendable {
    struct Failure: Error {
        let what: String
    }

    private(set) var conversations: [String: TabState.Shown] = [:]
    private(set) var lists: [EmailAddress: [String: [JSON?]]] = [:]

    /// Reads the lists of all people, and the conversations that some tab has open; all instances must say the same.
    static func read(in cluster: Cluster, of world: RunWorld, _ tabs: [Tab]) async throws -> RunTruth {
        var truth = RunTruth()
        var readers: [String: String] = [:]
        for person in world.people + [world.owner] {
            let caller = cluster.caller(0, token: person.token)
            var list: [String: [JSON?]] = [:]
            var cursor: String?
            repeat {
                let answer = try await caller.get(
                    "/api/conversations?limit=100" + (cursor.map { "&cursor=\($0)" } ?? "")
                )
                for conversation in answer["conversations"]?.arrayValue ?? [] {
                    guard let id = conversation["id"]?.stringValue else { continue }
                    list[id] = TabState.head(conversation)
                    readers[id] = person.token
                }
                cursor = answer["next_cursor"]?.stringValue
            } while cursor != nil
            truth.lists[person.email] = list
        }
        let opened = Set(tabs.flatMap { $0.state.logs.keys })
        for (id, token) in readers where opened.contains(id) {
            var first: TabState.Shown?
            for instance in cluster.instances.indices {
                let shown = try await Self.conversation(id, cluster.caller(instance, token: token))
                if first != nil, shown != first { throw Failure(what: "instance \(instance) shows another \(id)") }
                first = shown
            }
            truth.conversations[id] = first
        }
        return truth
    }

    static func conversation(_ id: String, _ caller: LiveCaller) async throws -> TabState.Shown {
        let head = try await caller.get("/api/conversations/\(id)?limit=1")
        guard head.status == .ok else { throw Failure(what: "\(id): \(head.text)") }
        var messages: [JSON] = []
        while true {
            let page = try await caller.get(
                "/api/conversations/\(id)/messages?limit=100&after_seq=\(messages.count)"
            )
            messages += page["messages"]?.arrayValue ?? []
            guard page["has_more"] == true else { break }
        }
        return TabState.Shown(head: head.json, messages: messages)
    }

    /// What a tab shows that is not so, or doesn't show that is so.
    func problems(of tab: Tab, _ state: TabState) -> [String] {
        var problems: [String] = []
        for (id, log) in state.logs {
            guard let truth = conversations[id] else {
                problems.append("\(id) is not there")
                continue
            }
            if tab.way == .socket, !log.isInStep { problems.append("\(id) is not kept in step") }
            guard let shown = state.shown(id) else {
                problems.append("\(id) is not listed")
                continue
            }
            if shown.hashValue == truth.hashValue { continue }
            if shown.head != truth.head { problems.append("\(id) is \(shown.head) and should be \(truth.head)") }
            if shown.messages != truth.messages {
                let wrong = zip(shown.messages, truth.messages).first { $0 != $1 }
                let what = wrong.map { "\($0.0.serializedText) and should be \($0.1.serializedText)" } ?? ""
                problems.append("\(id) has \(shown.messages.count) of \(truth.messages.count) messages: \(what)")
            }
        }
        guard tab.way == .socket, let list = lists[tab.person] else { return problems }
        for (id, head) in state.list where list[id] != head {
            problems.append("the list has \(id) as \(head) and not as \(list[id].map { "\($0)" } ?? "nothing")")
        }
        for id in list.keys where state.list[id] == nil { problems.append("the list lacks \(id)") }
        return problems
    }
}

extension JSON {
    fileprivate var serializedText: String { String(decoding: serialized, as: UTF8.self) }
}
