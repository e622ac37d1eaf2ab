import HTTPTypes
import ParleyCore
import ParleyTesting
import ParleyUpstream
import Testing

@Suite("The agent with a model's server that calls tools", .timeLimit(.minutes(15)))
struct AgentUpstreamTests {
    /// Asks the agent something; the upstream does what the JSON in the question says, in each round.
    private func ask(_ behaviour: JSON, in home: UpstreamParley, as identity: Identity = .alice) async throws -> Answer
    {
        let text = String(decoding: behaviour.serialized, as: UTF8.self)
        return try await home.caller(identity).post("/api/chat/agent", ["message": .string("Tea? [[\(text)]]")])
    }

    private func call(_ name: String, _ arguments: String) -> JSON {
        ["name": .string(name), "arguments": .string(arguments)]
    }

    private func parts(_ answer: Answer) throws -> (calls: [ToolCall], results: [ToolResult]) {
        let parts = try #require(answer["message"]?["parts"]?.arrayValue)
        return (parts.compactMap(ToolCall.init(part:)), parts.compactMap(ToolResult.init(part:)))
    }

    @Test("Several calls at once, in fragments, good and bad ones: each has its result, and the answer uses them")
    func several() async throws {
        try await UpstreamParley.run { home in
            let alice = try await home.caller()
            let made = try await alice.post("/api/conversations", ["title": "Drinks"])
            let id = try #require(made["id"]?.stringValue)
            let said: JSON = ["role": "user", "content": "I like green tea."]
            _ = try await alice.post("/api/conversations/\(id)/messages", said)
            let calls: JSON = [
                call("search_conversations", #"{"query":"green tea"}"#),
                call("read_conversation", #"{"conversation_id":"\#(id)"}"#),
                call("search_conversations", #"{"query":"#), call("rm", #"{"path":"/"}"#),
            ]
            let answer = try await ask(["calls": [calls]], in: home)
            #expect(answer.status == .ok)
            #expect(answer["message"]?["status"] == "delivered")
            let (asked, answered) = try parts(answer)
            #expect(asked.map(\.name) == ["search_conversations", "read_conversation", "search_conversations", "rm"])
            #expect(asked.map(\.id) == answered.map(\.callID))
            #expect(answered.map(\.isError) == [false, false, true, true])
            #expect(answered[0].content.contains(id) && answered[1].content.contains("I like green tea."))
            // The upstream says what it was told, so that what reached it is seen.
            let content = try #require(answer["message"]?["content"]?.stringValue)
            #expect(answered.allSatisfy { content.contains($0.content) })
            #expect(home.upstream.log.count == 2)
        }
    }

    @Test("Calls without end end after the last round, with an answer or a plain failure, and the upstream is let go")
    func endless() async throws {
        try await UpstreamParley.run { home in
            let calls: JSON = [call("search_conversations", #"{"query":"tea"}"#)]
            let answer = try await ask(["calls": [calls], "calls_forever": true], in: home)
            let (asked, answered) = try parts(answer)
            #expect(asked.count == Limits.agentRounds && answered.count == Limits.agentRounds)
            #expect(home.upstream.log.count == Limits.agentRounds + 1)
            #expect(answer["message"]?["status"] == "delivered")
        }
    }

    @Test("What a stranger's agent searches and reads is what the stranger may see: nothing of another's")
    func stranger() async throws {
        try await UpstreamParley.run { home in
            let alice = try await home.caller()
            let made = try await alice.post("/api/conversations", ["title": "Drinks"])
            let id = try #require(made["id"]?.stringValue)
            let said: JSON = ["role": "user", "content": "My canary likes green tea."]
            _ = try await alice.post("/api/conversations/\(id)/messages", said)
            let calls: JSON = [
                call("search_conversations", #"{"query":"canary","as":"alice@example.org"}"#),
                call("read_conversation", #"{"conversation_id":"\#(id)"}"#),
            ]
            let answer = try await ask(["calls": [calls]], in: home, as: .bob)
            let (_, answered) = try parts(answer)
            #expect(answered.map(\.isError) == [false, true])
            #expect(answered.allSatisfy { !$0.content.contains("likes green tea") })
        }
    }
}
