import HTTPTypes
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyServer

/// A write that may expect a revision; `{expected}` stands for it, in the path or in the body.
private struct Write: CustomTestStringConvertible, Sendable {
    let method: HTTPRequest.Method
    let path: String
    var body: JSONObject?

    var testDescription: String { "\(method) \(path)" }

    private init(_ method: HTTPRequest.Method, _ path: String, _ body: JSONObject? = nil) {
        self.method = method
        self.path = path
        self.body = body
    }

    /// Every route that takes an `expected_revision`, in each way that it does.
    static let all: [Write] = [
        Write(.patch, "/api/conversations/{conversation}", ["title": "New"]),
        Write(.delete, "/api/conversations/{conversation}?expected_revision={expected}"),
        Write(.post, "/api/conversations/{conversation}/fork", ["seq": 1]),
        Write(.post, "/api/conversations/{conversation}/messages", ["role": "user", "content": "x"]),
        Write(.post, "/api/conversations/{conversation}/messages", ["messages": [["role": "user", "content": "x"]]]),
        Write(.patch, "/api/conversations/{conversation}/messages/{message}", ["content": "y"]),
        Write(.delete, "/api/conversations/{conversation}/messages/{message}?expected_revision={expected}"),
        Write(.put, "/api/conversations/{conversation}/messages/{message}/reactions/x?expected_revision={expected}"),
        Write(.delete, "/api/conversations/{conversation}/messages/{message}/reactions/x?expected_revision={expected}"),
        Write(.post, "/api/chat", ["message": "And now?"]),
        Write(.post, "/api/chat", ["message": "And now?", "stream": true]),
        Write(.post, "/api/chat/agent", ["message": "And now?"]),
        Write(.post, "/api/chat/{reply}/regenerate", [:]),
        Write(.post, "/api/chat/{reply}/regenerate?expected_revision={expected}"),
    ]

    func send(_ caller: Caller, _ ids: [String: String], expecting revision: Int) async throws -> Answer {
        let path = ids.reduce(path) { $0.replacing("{\($1.key)}", with: $1.value) }
            .replacing("{expected}", with: "\(revision)")
        var body = body
        if path == "/api/chat" || path == "/api/chat/agent", let conversation = ids["conversation"] {
            body?["conversation_id"] = .string(conversation)
        }
        if body != nil, !path.contains("?") { body?["expected_revision"] = .number(JSONNumber(revision)) }
        return try await caller.call(method, path, body: body.map { JSON.object($0).serialized })
    }
}

@Suite("Writes that come too late")
struct StaleWriteTests {
    /// A conversation with a turn, and its revision.
    private func turn(_ caller: Caller) async throws -> (ids: [String: String], revision: Int) {
        let turn = try await caller.post("/api/chat", ["message": "Hi"])
        let ids = [
            "conversation": try #require(turn["conversation_id"]?.stringValue),
            "message": try #require(turn["user_message"]?["id"]?.stringValue),
            "reply": try #require(turn["message"]?["id"]?.stringValue),
        ]
        return (ids, try #require(turn["message"]?["revision"]?.intValue))
    }

    @Test(
        "A stale write is answered with what was missed, writes nothing, and goes through from there",
        arguments: Write.all
    )
    private func missed(_ write: Write) async throws {
        try await TestParley.run(provider: ScriptedProvider(["Answer"])) { parley in
            let alice = try await parley.caller(.alice)
            let (ids, revision) = try await turn(alice)
            let log = "/api/conversations/\(ids["conversation"] ?? "")"
            let before = try await alice.get(log)
            let stale = try await write.send(alice, ids, expecting: 2)
            #expect(stale.status == .conflict)
            #expect(stale.code == "stale")
            #expect(stale["error"]?["revision"]?.intValue == revision)
            let changes = try await alice.get("\(log)/changes?since_revision=2")
            #expect(stale["changes"] == changes.json)
            #expect(stale["changes"]?["messages"]?.arrayValue?.count == 1)
            #expect(try await alice.get(log).json == before.json)
            let known = try #require(stale["changes"]?["revision"]?.intValue)
            let again = try await write.send(alice, ids, expecting: known)
            #expect(again.status.kind == .successful, "\(again.text)")
        }
    }

    @Test("A revision that never was gets no changes", arguments: Write.all)
    private func ahead(_ write: Write) async throws {
        try await TestParley.run(provider: ScriptedProvider(["Answer"])) { parley in
            let alice = try await parley.caller(.alice)
            let (ids, revision) = try await turn(alice)
            let stale = try await write.send(alice, ids, expecting: revision + 7)
            #expect(stale.status == .conflict)
            #expect(stale["error"]?["revision"]?.intValue == revision)
            #expect(stale["changes"] == nil)
        }
    }

    @Test("Whoever is far behind gets the first of it, and where to go on")
    func farBehind() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let path = "/api/conversations/\(id)/messages"
            let messages = (0..<60).map { JSON.object(["role": "user", "content": .string("\($0)")]) }
            _ = try await alice.post(path, ["messages": .array(messages)])
            let stale = try await alice.post(path, ["role": "user", "content": "x", "expected_revision": 1])
            #expect(stale["error"]?["revision"] == 61)
            #expect(stale["changes"]?["has_more"] == true)
            #expect(stale["changes"]?["revision"] == 51)
            #expect(
                stale["changes"]?["messages"]?.arrayValue?.map { $0["content"] } == (0..<50).map { .string("\($0)") }
            )
            let rest = try await alice.get("/api/conversations/\(id)/changes?since_revision=51")
            #expect(rest["messages"]?.arrayValue?.count == 10)
        }
    }

    @Test("A turn that doesn't name its conversation is told what it missed where its first try stands")
    func unnamedConversation() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let message = try await alice.say("Which bird?", in: id)
            let stale = try await alice.post(
                "/api/chat",
                ["id": .string(message), "message": "Which bird?", "expected_revision": 1]
            )
            #expect(stale.code == "stale")
            #expect(stale["changes"] == (try await alice.get("/api/conversations/\(id)/changes?since_revision=1")).json)
        }
    }

    @Test("Whoever may not write is told nothing, and other conflicts bring no changes")
    func others() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            _ = try await alice.say("Hello", in: id)
            let mallory = try await parley.caller(.mallory)
            let refused = try await mallory.patch("/api/conversations/\(id)", ["title": "M", "expected_revision": 1])
            #expect(refused.status == .notFound && refused["changes"] == nil)
            let body: JSON = ["id": .string(id), "title": "Another"]
            let conflict = try await alice.post("/api/conversations", body)
            #expect(conflict.code == "idempotency_conflict" && conflict["changes"] == nil)
        }
    }

    @Test("What was missed and can't be read is left out: the refusal stands")
    func unreadable() async throws {
        let memory = MemoryStore(clock: ManualClock(), ids: SequentialIDs())
        let id = try memory.createConversation(NewConversation(), as: .alice).value.id
        _ = try memory.appendMessages([.user("a")], to: id, expectedRevision: nil, as: .alice)
        for (store, isTold) in [(memory as any ConversationStore, true), (Unreadable(wrapped: memory), false)] {
            do {
                _ = try await store.tellingMissed(since: 1, in: id, as: .alice) {
                    try await store.appendMessages([.user("b")], to: id, expectedRevision: 1, as: .alice)
                }
                Issue.record("It was written.")
            } catch {
                #expect((error as? StaleWrite)?.missed.messages.map(\.content) == (isTold ? ["a"] : nil))
                #expect(ParleyError(answering: error).code == .stale)
                #expect(ParleyError(answering: error).revision == 2)
            }
        }
    }
}

/// A store that loses its way between two calls.
private struct Unreadable: WrappingStore {
    let wrapped: any ConversationStore

    func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> { commit }

    func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage {
        throw ParleyError.unavailable("The store is away.")
    }
}
