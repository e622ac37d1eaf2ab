import ParleyChat
import ParleyCore
import ParleyTesting
import ParleyUpstream
import Testing

@Suite("Tools and schemas at a model's server", .timeLimit(.minutes(15)))
struct UpstreamFeatureTests {
    private static let search = ToolDefinition(
        name: "search",
        description: "Searches.",
        parameters: ["type": "object", "properties": ["q": ["type": "string"]]]
    )
    private static let schema = AnswerSchema(
        name: "answer",
        schema: ["type": "object", "properties": ["text": ["type": "string"], "confidence": ["type": "number"]]]
    )

    private func prompt(_ model: String? = nil, schema: AnswerSchema? = nil) -> Prompt {
        Prompt(messages: [PromptMessage(role: .user, content: "Hi")], model: model, answerSchema: schema)
    }

    private func calls(in chunks: [ReplyChunk]) -> [ToolCall] {
        chunks.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
    }

    private func text(of chunks: [ReplyChunk]) -> String {
        chunks.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }

    @Test("Calls come whole, several at once, with the arguments as the model wrote them, and results go back")
    func tools() async throws {
        try await UpstreamHouse.run { home in
            let arguments = ["{\"q\":\"Zürich 👩🏽‍🚀\"}", "{broken", ""]
            home.upstream.arm(
                Behaviour {
                    $0.splits = true
                    $0.calls = [
                        [
                            Behaviour.Call("search", arguments[0]), Behaviour.Call("search", arguments[1], id: ""),
                            Behaviour.Call("unknown", arguments[2]),
                        ]
                    ]
                }
            )
            var prompt = prompt()
            prompt.tools = [Self.search]
            let chunks = try await home.chunks(prompt)
            let calls = calls(in: chunks)
            #expect(calls.map(\.name) == ["search", "search", "unknown"])
            #expect(calls.map(\.arguments) == [arguments[0], arguments[1], "{}"])
            #expect(calls[0].id == "call_0_0")
            #expect(calls[1].id.hasPrefix("call_") && Set(calls.map(\.id)).count == 3)
            #expect(chunks.contains(.finishReason("tool_calls")))

            prompt.messages.append(PromptMessage(role: .assistant, content: "", toolCalls: calls))
            for call in calls {
                prompt.messages.append(PromptMessage(role: .tool, content: "It is \(call.name).", toolCallID: call.id))
            }
            let answers = calls.map { "It is \($0.name)." }
            #expect(text(of: try await home.chunks(prompt)) == DerivedAnswer.text(to: "Hi", toolAnswers: answers))
            let request = try #require(home.requests("Hi").last?.request)
            #expect(request.tools == ["search"])
            #expect(request.messages[1]["content"] == .null)
            #expect(request.messages[1]["tool_calls"]?.arrayValue?.map { $0["id"]?.stringValue } == calls.map(\.id))
            #expect(request.messages.dropFirst(2).map { $0["tool_call_id"]?.stringValue } == calls.map(\.id))
        }
    }

    @Test("A server that can't stream calls tools and thinks aloud as well")
    func whole() async throws {
        try await UpstreamHouse.run { home in
            home.upstream.arm(
                Behaviour {
                    $0.answersWhole = true
                    $0.reasoning = "Hm."
                    $0.calls = [[Behaviour.Call("search", "{}"), Behaviour.Call("search", "{\"q\":1}")]]
                }
            )
            var prompt = prompt()
            prompt.tools = [Self.search]
            let chunks = try await home.chunks(prompt)
            #expect(calls(in: chunks).map(\.id) == ["call_0_0", "call_0_1"])
            #expect(calls(in: chunks).map(\.arguments) == ["{}", "{\"q\":1}"])
            #expect(chunks.contains(.reasoning("Hm.")))
            #expect(chunks.contains(.finishReason("tool_calls")))
        }
    }

    @Test("The model is shown what a person shows, behind the text, if there is any", arguments: ["What is it?", ""])
    func images(text: String) async throws {
        try await UpstreamHouse.run { home in
            let image: JSON = [
                "type": "image_url", "image_url": ["url": "data:image/png;base64,AAAA", "detail": "low"],
            ]
            let parts: [JSON] = text.isEmpty ? [] : [["type": "text", "text": .string(text)]]
            try await home.house.run {
                let begun = try await home.house.chat.begin(
                    TurnRequest(message: NewMessage(role: .user, content: text, parts: [image] + parts)),
                    options: TurnOptions(),
                    expectedRevision: nil,
                    as: .alice
                )
                let reply = try await home.house.chat.waitForEnd(begun.value.reply.id, as: .alice)
                #expect(reply.status == .delivered)
                let sent: JSON = ["role": "user", "content": .array(parts + [image])]
                #expect(home.requests(text).map(\.request.messages) == [[sent]])
            }
        }
    }

    @Test("A schema is asked for, strictly")
    func schema() async throws {
        try await UpstreamHouse.run { home in
            let text = text(of: try await home.chunks(prompt(schema: Self.schema)))
            #expect(try JSON(parsing: text)["text"] == "text: Hi")
            let format = home.requests("Hi").first?.request.body["response_format"]
            #expect(format?["type"] == "json_schema")
            #expect(format?["json_schema"]?["strict"] == true)
            #expect(format?["json_schema"]?["name"] == "answer")
            #expect(format?["json_schema"]?["schema"] == Self.schema.schema)
        }
    }

    @Test(
        "A server that refuses the schema is asked without it, and for that model from then on",
        arguments: [400, 422]
    )
    func refusedSchema(status: Int) async throws {
        try await UpstreamHouse.run { home in
            let refusing = Behaviour { $0.refusesFormat = status }
            home.upstream.arm(refusing)
            for _ in 0..<2 {
                let text = text(of: try await home.chunks(prompt("plain", schema: Self.schema)))
                #expect(text == DerivedAnswer.text(to: "Hi"))
            }
            _ = try await home.chunks(prompt("other", schema: Self.schema))
            let asked = home.requests("Hi").map { ($0.request.model, $0.request.body["response_format"] != nil) }
            #expect(asked.map(\.0) == ["plain", "plain", "plain", "other"])
            #expect(asked.map(\.1) == [true, false, false, true])
        }
    }

    @Test("A refusal for another reason is not held against the schema")
    func otherRefusal() async throws {
        try await UpstreamHouse.run { home in
            home.upstream.arm(.status(400), .status(400))
            await #expect(throws: ParleyError.self) { try await home.chunks(prompt(schema: Self.schema)) }
            _ = try await home.chunks(prompt(schema: Self.schema))
            #expect(home.requests("Hi").map { $0.request.body["response_format"] != nil } == [true, false, true])
        }
    }
}
