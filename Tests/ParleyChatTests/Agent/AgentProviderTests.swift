import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyChat

@Suite("A provider that uses tools", .timeLimit(.minutes(15)))
struct AgentProviderTests {
    private let prompt = Prompt(messages: [PromptMessage(role: .user, content: "Where?")])

    private func tool(_ run: @escaping @Sendable (ToolArguments) async throws -> JSON) -> Tool {
        Tool(definition: ToolDefinition(name: "look", description: "Looks.", parameters: [:]), run: run)
    }

    private func call(_ id: String, _ arguments: String = "{}", name: String = "look") -> ReplyChunk {
        .toolCall(ToolCall(id: id, name: name, arguments: arguments))
    }

    /// All that a model with one tool has sent on; by default no time passes.
    private func chunks(
        of provider: ScriptedProvider,
        with tool: Tool,
        stopwatch: any Clock<Duration> = TestClock()
    ) async throws -> [ReplyChunk] {
        let agent = AgentProvider(
            base: provider,
            tools: [tool],
            guidance: "Use tools.",
            logger: silentLogger,
            stopwatch: stopwatch
        )
        var chunks: [ReplyChunk] = []
        try await agent.reply(to: prompt) { chunk in
            // That is the loop's own rule, and tried with it.
            if case .estimatedUsage = chunk { return }
            chunks.append(chunk)
        }
        return chunks
    }

    private func results(_ chunks: [ReplyChunk]) -> [ToolResult] {
        chunks.compactMap { if case .toolResult(let result) = $0 { result } else { nil } }
    }

    @Test("It asks, runs what the model wants, asks again, and hands everything on in order")
    func well() async throws {
        let provider = ScriptedProvider(
            rounds: [.text("I look."), call("a", #"{"at":"home"}"#), .finishReason("tool_calls")],
            [.text("There."), .finishReason("stop")]
        )
        let chunks = try await chunks(of: provider, with: tool { ["found": .string(try $0.text("at"))] })
        #expect(
            chunks == [
                .text("I look."), call("a", #"{"at":"home"}"#),
                .toolResult(ToolResult(callID: "a", name: "look", content: #"{"found":"home"}"#)),
                .text("\n\nThere."), .finishReason("stop"),
            ]
        )
        #expect(
            provider.prompts.map { $0.messages.map(\.role) } == [
                [.system, .user], [.system, .user, .assistant, .tool],
            ]
        )
        #expect(provider.prompts.allSatisfy { $0.tools.map(\.name) == ["look"] })
    }

    @Test("Several calls run at once, but not too many; their results come in the order of the calls")
    func severalAtOnce() async throws {
        let count = 8
        let calls = (0..<count).map { call("c\($0)", #"{"n":\#($0)}"#) }
        let provider = ScriptedProvider(rounds: calls, [.text("Done.")])
        let running = Mutex(0)
        let most = Mutex(0)
        let isFull = Latch()
        let chunks = try await chunks(
            of: provider,
            with: tool { arguments in
                let now = running.withLock { running in
                    running += 1
                    return running
                }
                most.withLock { $0 = max($0, now) }
                if now == Limits.agentConcurrentCalls { isFull.open() }
                await isFull.wait()
                // Whoever else is ready gets a turn before this one makes room.
                for _ in 0..<100 { await Task.yield() }
                running.withLock { $0 -= 1 }
                return .number(JSONNumber(try arguments.integer("n") ?? -1))
            }
        )
        #expect(most.withLock { $0 } == Limits.agentConcurrentCalls)
        #expect(results(chunks).map(\.callID) == (0..<count).map { "c\($0)" })
        #expect(results(chunks).map(\.content) == (0..<count).map(String.init))
    }

    @Test(
        "What a model gets wrong is told to the model, and fails nothing",
        arguments: [
            ("look", #"{"at":"#, "not JSON"), ("look", "[]", "must be a JSON object"), ("look", "", "at is required"),
            ("look", #"{"at":7}"#, "at is required"), ("fly", #"{"at":"x"}"#, "there are: look"),
            ("look", #"{"at":"\#(String(repeating: "x", count: 1_000_000))"}"#, "longer than"),
        ]
    )
    func mistakes(name: String, arguments: String, words: String) async throws {
        let provider = ScriptedProvider(rounds: [call("a", arguments, name: name)], [.text("Sorry.")])
        let chunks = try await chunks(of: provider, with: tool { .string(try $0.text("at")) })
        let result = try #require(results(chunks).first)
        #expect(result.isError)
        #expect(result.callID == "a")
        let content = try JSON(parsing: result.content)
        #expect(content["error"]?.stringValue?.contains(words) == true)
        #expect(provider.prompts.last?.messages.last?.content == result.content)
        #expect(chunks.last == .text("Sorry."))
    }

    @Test("A tool that fails by itself says nothing of why")
    func failure() async throws {
        struct Secret: Error {}
        for error: any Error in [ParleyError.unavailable("disk 7 is away"), Secret()] {
            let provider = ScriptedProvider(rounds: [call("a")], [.text("Sorry.")])
            let chunks = try await chunks(of: provider, with: tool { _ in throw error })
            let result = try #require(results(chunks).first)
            #expect(result.isError)
            #expect(result.content == #"{"error":"The tool can't be used at present."}"#)
        }
    }

    @Test("A tool that takes too long is given up")
    func slowTool() async throws {
        let stopwatch = TestClock()
        let provider = ScriptedProvider(rounds: [call("a")], [.text("Sorry.")])
        let isCancelled = Latch()
        let slow = tool { _ in
            do {
                try await ContinuousClock().sleep(for: .seconds(3600))
            } catch {
                isCancelled.open()
                throw error
            }
            return .null
        }
        async let answer = chunks(of: provider, with: slow, stopwatch: stopwatch)
        await stopwatch.sleepers(atLeast: 1)
        stopwatch.advance(by: Limits.toolTime)
        let chunks = try await answer
        await isCancelled.wait()
        #expect(results(chunks).map(\.isError) == [true])
        #expect(chunks.last == .text("Sorry."))
    }

    @Test("A turn that takes too long goes on without tools")
    func slowTurn() async throws {
        let stopwatch = TestClock()
        let provider = ScriptedProvider { prompt, consume in
            stopwatch.advance(by: Limits.agentTime / 2)
            try await consume(prompt.tools.isEmpty ? .text("Time is up.") : call("a"))
        }
        let chunks = try await chunks(of: provider, with: tool { _ in "there" }, stopwatch: stopwatch)
        #expect(provider.prompts.map(\.tools.isEmpty) == [false, false, true])
        #expect(chunks.last == .text("Time is up."))
    }

    @Test("A model that calls without end is asked a last time without tools, and fails if it still won't answer")
    func withoutEnd() async throws {
        let obedient = ScriptedProvider { prompt, consume in
            try await consume(prompt.tools.isEmpty ? .text("Enough.") : call("again"))
        }
        let chunks = try await chunks(of: obedient, with: tool { _ in "there" })
        #expect(obedient.prompts.count == Limits.agentRounds + 1)
        #expect(chunks.last == .text("Enough."))
        #expect(Set(results(chunks).map(\.callID)).count == Limits.agentRounds)

        let stubborn = ScriptedProvider { _, consume in
            for _ in 0..<1000 { try await consume(call("again")) }
        }
        let runs = Mutex(0)
        let counting = tool { _ in
            runs.withLock { $0 += 1 }
            return "there"
        }
        await #expect(code { try await self.chunks(of: stubborn, with: counting) } == .upstreamError)
        #expect(runs.withLock { $0 } == Limits.agentCalls)
        #expect(stubborn.prompts.count == 2)
    }

    @Test("A failure of the model's server in a later round is the reply's")
    func laterFailure() async throws {
        let provider = ScriptedProvider { prompt, consume in
            guard prompt.messages.last?.role == .user else { throw ParleyError(.upstreamError, "It broke.") }
            try await consume(call("a"))
        }
        await #expect(code { try await chunks(of: provider, with: tool { _ in "there" }) } == .upstreamError)
    }

    @Test("A cancellation ends a running tool, and the model is not asked again")
    func cancellation() async throws {
        let provider = ScriptedProvider(rounds: [call("a"), call("b")], [.text("never")])
        let isRunning = Latch()
        let endless = tool { _ in
            isRunning.open()
            try await ContinuousClock().sleep(for: .seconds(3600))
            return .null
        }
        await withThrowingTaskGroup(of: [ReplyChunk].self) { group in
            group.addTask { try await chunks(of: provider, with: endless) }
            await isRunning.wait()
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
        #expect(provider.prompts.count == 1)
    }
}
