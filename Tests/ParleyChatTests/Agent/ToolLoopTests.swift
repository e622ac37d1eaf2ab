import ParleyCore
import Testing

@testable import ParleyChat

@Suite("The rules by which a model uses tools")
struct ToolLoopTests {
    private static let tool = ToolDefinition(name: "look", description: "Looks.", parameters: ["type": "object"])
    private static let question = PromptMessage(role: .user, content: "Where?")

    private func loop(_ messages: [PromptMessage] = [question], _ bounds: ToolLoop.Bounds = .init()) -> ToolLoop {
        ToolLoop(prompt: Prompt(messages: messages), tools: [Self.tool], guidance: "Use tools.", bounds: bounds)
    }

    private func call(_ id: String, _ arguments: String = "{}") -> ToolCall {
        ToolCall(id: id, name: "look", arguments: arguments)
    }

    private func result(_ id: String, _ content: String = "there") -> ToolResult {
        ToolResult(callID: id, name: "look", content: content)
    }

    /// A round in which the model wants these calls, and gets them.
    private func runRound(
        _ loop: inout ToolLoop,
        _ calls: [ToolCall],
        usage: TokenUsage? = nil,
        at elapsed: Duration = .zero
    ) throws {
        for call in calls { _ = loop.take(.toolCall(call)) }
        if let usage { _ = loop.take(.usage(usage)) }
        guard case .run(let wanted) = try loop.endRound() else {
            Issue.record("The calls are not run.")
            return
        }
        _ = loop.take(results: wanted.map { result($0.id) }, at: elapsed)
    }

    @Test("The model is told of its tools by the system, in one message with what stands at the beginning")
    func guidance() {
        #expect(loop().prompt.tools == [Self.tool])
        #expect(loop().prompt.messages == [PromptMessage(role: .system, content: "Use tools."), Self.question])
        let setUp = PromptMessage(role: .system, content: "Be kind.")
        let messages = loop([setUp, Self.question]).prompt.messages
        #expect(messages == [PromptMessage(role: .system, content: "Be kind.\n\nUse tools."), Self.question])
    }

    @Test("An answer without calls goes on as it comes, and ends with what it cost and why")
    func plain() throws {
        var loop = loop()
        let chunks: [ReplyChunk] = [.model("m"), .reasoning("hm"), .text("He"), .text("re")]
        #expect(chunks.flatMap { loop.take($0) } == chunks)
        #expect(loop.take(.text("")) == [])
        #expect(loop.take(.usage(TokenUsage(prompt: 3, completion: 2))) == [])
        #expect(loop.take(.finishReason("length")) == [])
        #expect(
            try loop.endRound()
                == .end([.usage(TokenUsage(prompt: 3, completion: 2)), .finishReason("length")])
        )
    }

    @Test("An empty answer without calls is for the reply's own rules to judge")
    func empty() throws {
        var loop = loop()
        #expect(try loop.endRound() == .end([]))
    }

    @Test("Calls are run, and the model is asked again with them and their results; text goes on behind a blank line")
    func calls() throws {
        var loop = loop()
        #expect(loop.take(.text("I look.")) == [.text("I look.")])
        #expect(loop.take(.toolCall(call("a", #"{"at":1}"#))) == [.toolCall(call("a", #"{"at":1}"#))])
        #expect(loop.take(.toolCall(call("b"))) == [.toolCall(call("b"))])
        #expect(try loop.endRound() == .run([call("a", #"{"at":1}"#), call("b")]))
        let results = [result("a", "1"), result("b", "2")]
        #expect(loop.take(results: results, at: .zero) == results.map(ReplyChunk.toolResult))
        #expect(
            Array(loop.prompt.messages.dropFirst(2)) == [
                PromptMessage(
                    role: .assistant,
                    content: "I look.",
                    toolCalls: [call("a", #"{"at":1}"#), call("b")]
                ),
                PromptMessage(role: .tool, content: "1", toolCallID: "a"),
                PromptMessage(role: .tool, content: "2", toolCallID: "b"),
            ]
        )
        #expect(loop.prompt.tools == [Self.tool])
        #expect(["", "The", "re."].flatMap { loop.take(.text($0)) } == [.text("\n\nThe"), .text("re.")])
        #expect(try loop.endRound().withoutEstimate == .end([]))
    }

    @Test("Each call has an id of its own, the model's where it can be")
    func ids() throws {
        var loop = loop()
        let long = String(repeating: "x", count: 65)
        let given = ["a", "a", "", "call_3", long, "nul\0", "b"]
        let ids = given.flatMap { loop.take(.toolCall(call($0))) }.map { chunk in
            if case .toolCall(let call) = chunk { call.id } else { "" }
        }
        #expect(ids == ["a", "call_2", "call_3", "call_4", "call_5", "call_6", "b"])
        _ = try loop.endRound()
        _ = loop.take(results: ids.map { result($0) }, at: .zero)
        #expect(loop.take(.toolCall(call("b"))) == [.toolCall(call("call_8"))])
    }

    @Test(
        "A call that is badly written is kept as it is, and sent back in a form that servers take",
        arguments: [
            ("look", "{\"a\":1}", "look", "{\"a\":1}"), ("look", "", "look", "{}"), ("look", "{\"a\":", "look", "{}"),
            ("look", "[1]", "look", "{}"), ("über alles!", "{}", "_ber_alles_", "{}"), ("", "{}", "unknown", "{}"),
        ]
    )
    func badlyWritten(name: String, arguments: String, sentName: String, sentArguments: String) throws {
        var loop = loop()
        let written = ToolCall(id: "a", name: name, arguments: arguments)
        #expect(loop.take(.toolCall(written)) == [.toolCall(written)])
        try runRound(&loop, [])
        let sent = loop.prompt.messages.first { !$0.toolCalls.isEmpty }
        #expect(sent?.toolCalls == [ToolCall(id: "a", name: sentName, arguments: sentArguments)])
    }

    @Test("What a model writes without end is cut, and goes on being too long; what can't be stored is replaced")
    func bounded() throws {
        var loop = loop()
        let huge = ToolCall(
            id: "a",
            name: String(repeating: "n", count: 100_000),
            arguments: #"{"q":"\#(String(repeating: "é", count: 100_000))"}"#
        )
        guard case .toolCall(let kept)? = loop.take(.toolCall(huge)).first else {
            Issue.record("The call is lost.")
            return
        }
        #expect(kept.name.utf8.count == 64)
        #expect(kept.arguments.utf8.count <= Limits.toolArgumentBytes + 4)
        #expect(throws: ParleyError.self) { try ToolArguments(parsing: kept.arguments) }
        let odd = ToolCall(id: "b", name: "l\0k", arguments: "\0")
        #expect(
            loop.take(.toolCall(odd)) == [.toolCall(ToolCall(id: "b", name: "l\u{FFFD}k", arguments: "\u{FFFD}"))]
        )
    }

    @Test("Once a bound is met, the model is asked for the last time, without tools, and told so")
    func bounds() throws {
        func offersTools(_ bounds: ToolLoop.Bounds, usage: TokenUsage? = nil, at time: Duration = .zero) throws -> Bool
        {
            var loop = loop([Self.question], bounds)
            try runRound(&loop, [call("a"), call("b")], usage: usage, at: time)
            let last = try #require(loop.prompt.messages.last?.content)
            let offers = !loop.prompt.tools.isEmpty
            #expect(last.hasPrefix("there"))
            #expect(last.contains("No more tools") == !offers)
            return offers
        }
        let usage = TokenUsage(prompt: 60, completion: 40)
        #expect(try offersTools(.init()))
        #expect(try offersTools(.init(rounds: 2)))
        #expect(try !offersTools(.init(rounds: 1)))
        #expect(try offersTools(.init(calls: 3)))
        #expect(try !offersTools(.init(calls: 2)))
        #expect(try offersTools(.init(tokens: 101), usage: usage))
        #expect(try !offersTools(.init(tokens: 100), usage: usage))
        #expect(try !offersTools(.init(tokens: 1)))
        #expect(try offersTools(.init(time: .seconds(9)), at: .seconds(8)))
        #expect(try !offersTools(.init(time: .seconds(9)), at: .seconds(9)))
    }

    @Test("Calls past the bound are dropped, as if the model had not wanted them")
    func surplus() throws {
        var loop = loop([Self.question], .init(calls: 2))
        let chunks = ["a", "b", "c"].flatMap { loop.take(.toolCall(call($0))) }
        #expect(chunks == [.toolCall(call("a")), .toolCall(call("b"))])
        #expect(try loop.endRound() == .run([call("a"), call("b")]))
        _ = loop.take(results: [result("a"), result("b")], at: .zero)
        #expect(loop.prompt.tools.isEmpty)
        #expect(loop.prompt.messages.filter { $0.role == .tool }.count == 2)
    }

    @Test(
        "A model that has used tools must answer, or say why not",
        arguments: [
            (nil, false), ("stop", false), ("tool_calls", false), ("length", true), ("content_filter", true),
        ] as [(String?, Bool)]
    )
    func noAnswer(reason: String?, isEnd: Bool) throws {
        for wantsMore in [false, true] {
            var loop = loop([Self.question], .init(rounds: 1))
            try runRound(&loop, [call("a")])
            if wantsMore { #expect(loop.take(.toolCall(call("b"))) == []) }
            if let reason { _ = loop.take(.finishReason(reason)) }
            if isEnd {
                #expect(try loop.endRound().withoutEstimate == .end([.finishReason(try #require(reason))]))
            } else {
                let error = #expect(throws: ParleyError.self) { try loop.endRound() }
                #expect(error?.code == .upstreamError)
                #expect(error?.message.contains("went on calling tools") == wantsMore)
            }
        }
    }

    @Test("What all rounds cost is told once, as an estimate where the provider does not count each")
    func usage() throws {
        func total(_ usages: [TokenUsage?]) throws -> [ReplyChunk] {
            var loop = loop()
            for usage in usages.dropLast() { try runRound(&loop, [call("a")], usage: usage) }
            _ = loop.take(.text("x"))
            if let last = usages.last ?? nil { _ = loop.take(.usage(last)) }
            guard case .end(let chunks) = try loop.endRound() else { return [] }
            return chunks
        }
        let usage = TokenUsage(prompt: 10, completion: 1)
        #expect(try total([usage, usage, usage]) == [.usage(TokenUsage(prompt: 30, completion: 3))])
        #expect(try total([nil]) == [])
        for usages in [[usage, nil, usage], [usage, nil]] {
            guard case .estimatedUsage(let sum)? = try total(usages).first else {
                Issue.record("What was not counted is estimated.")
                continue
            }
            let counted = usages.compactMap(\.self).count
            #expect(sum.prompt > 10 * counted && sum.completion > counted)
        }
        let absurd = TokenUsage(prompt: .max, completion: .max)
        #expect(try total([absurd, usage]) == [.usage(absurd)])
    }

    @Test("A result that is too long is cut between scalars, with a note")
    func longResult() throws {
        var loop = loop([Self.question], .init(resultBytes: 200))
        _ = loop.take(.toolCall(call("a")))
        _ = try loop.endRound()
        let chunks = loop.take(results: [result("a", String(repeating: "é", count: 500))], at: .zero)
        guard case .toolResult(let cut)? = chunks.first else {
            Issue.record("The result is lost.")
            return
        }
        #expect(199...200 ~= cut.content.utf8.count)
        #expect(cut.content.hasPrefix("éé"))
        #expect(cut.content.contains("cut here"))
        #expect(loop.prompt.messages.last?.content == cut.content)
    }
}

extension ToolLoop.Step {
    /// The step without what it says about estimated costs.
    fileprivate var withoutEstimate: Self {
        guard case .end(let chunks) = self else { return self }
        return .end(chunks.filter { if case .estimatedUsage = $0 { false } else { true } })
    }
}
