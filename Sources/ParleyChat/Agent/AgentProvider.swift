import Logging
import ParleyCore

/// Lets another provider use tools: asks it, runs the calls it wants, and asks again with the results, as ``ToolLoop`` says.
///
/// What a model gets wrong about a tool is told to the model and fails nothing. A cancellation ends it at once, whether the
/// model speaks or a tool runs.
struct AgentProvider: ReplyProvider {
    /// Who answers.
    let base: any ReplyProvider
    /// What it may call.
    let tools: [Tool]
    /// What it is told about them.
    let guidance: String
    /// How far one turn may go.
    var bounds = ToolLoop.Bounds()
    /// The log; gets no argument and no result.
    let logger: Logger
    /// What waiting is measured by.
    let stopwatch: any Clock<Duration>

    /// Writes a reply, as ``ReplyProvider/reply(to:consume:)`` promises.
    ///
    /// Calls and results are handed on, too, a round's results together and in the order of its calls; usage once, the sum,
    /// as an estimate where the provider does not count every round.
    func reply(to prompt: Prompt, consume: (ReplyChunk) async throws -> Void) async throws {
        try await reply(to: prompt, clock: stopwatch, consume: consume)
    }

    private func reply<C: Clock>(
        to prompt: Prompt,
        clock: C,
        consume: (ReplyChunk) async throws -> Void
    ) async throws where C.Duration == Duration {
        let start = clock.now
        var loop = ToolLoop(prompt: prompt, tools: tools.map(\.definition), guidance: guidance, bounds: bounds)
        while true {
            try await base.reply(to: loop.prompt) { chunk in
                for chunk in loop.take(chunk) { try await consume(chunk) }
            }
            switch try loop.endRound() {
            case .run(let calls):
                let results = try await results(of: calls)
                for chunk in loop.take(results: results, at: start.duration(to: clock.now)) {
                    try await consume(chunk)
                }
            case .end(let chunks):
                for chunk in chunks { try await consume(chunk) }
                return
            }
        }
    }

    // In the order of the calls, a few at a time.
    private func results(of calls: [ToolCall]) async throws -> [ToolResult] {
        let results = await withTaskGroup(of: (index: Int, result: ToolResult).self) { group in
            var results = [ToolResult?](repeating: nil, count: calls.count)
            for (index, call) in calls.enumerated() {
                if index >= Limits.agentConcurrentCalls, let done = await group.next() {
                    results[done.index] = done.result
                }
                group.addTask { (index, await result(of: call)) }
            }
            for await done in group { results[done.index] = done.result }
            return results.compactMap { $0 }
        }
        try Task.checkCancellation()
        return results
    }

    private func result(of call: ToolCall) async -> ToolResult {
        do {
            let answer = try await answer(to: call)
            return ToolResult(callID: call.id, name: call.name, content: answer.text)
        } catch {
            let error = error as? ParleyError
            logger.debug(
                "A tool could not do what the model asked",
                metadata: [LogKey.status: "\(error?.code ?? .internalError)"]
            )
            let message =
                switch error?.code {
                case .invalidRequest?, .notFound?: error?.message ?? ""
                default: "The tool can't be used at present."
                }
            let content: JSON = ["error": .string(message)]
            return ToolResult(callID: call.id, name: call.name, content: content.text, isError: true)
        }
    }

    private func answer(to call: ToolCall) async throws -> JSON {
        guard let tool = tools.first(where: { $0.definition.name == call.name }) else {
            let names = tools.map(\.definition.name).joined(separator: ", ")
            throw ParleyError.invalid("name", "There is no such tool; there are: \(names).")
        }
        let arguments = try ToolArguments(parsing: call.arguments)
        return try await withThrowingTaskGroup(of: JSON.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await tool.run(arguments) }
            group.addTask {
                try await stopwatch.sleep(for: Limits.toolTime)
                throw ParleyError.unavailable("The tool took too long.")
            }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }
}
