import ParleyCore

/// The rules by which a model uses tools in one turn: what it is asked next, which calls are run, and when that ends.
///
/// Pure: it is told what the model sends (``take(_:)``), that a round has ended (``endRound()``) and what the tools
/// answered (``take(results:at:)``); ``prompt`` is what to ask next. A round is one question to the model. Once a bound is
/// met there is one more round, without tools, so that the model answers with what it has.
struct ToolLoop: Sendable {
    /// How far a turn may go.
    struct Bounds: Sendable {
        /// Rounds with tools.
        var rounds = Limits.agentRounds
        /// Calls of all rounds together.
        var calls = Limits.agentCalls
        /// Tokens of all rounds together, as the provider counts them, or estimated where it doesn't.
        var tokens = Limits.agentTokens
        /// Time since the turn began; a round under way is not cut off by it.
        var time = Limits.agentTime
        /// One result's text.
        var resultBytes = Limits.toolResultBytes
    }

    /// What to do after a round.
    enum Step: Hashable, Sendable {
        /// Run these calls, at least one, and tell their results.
        case run([ToolCall])
        /// Send these on; then the reply is complete.
        case end([ReplyChunk])
    }

    private struct Round {
        var text = ""
        var calls: [ToolCall] = []
        // The model wanted more calls than it may have.
        var hasSurplus = false
        var usage: TokenUsage?
        var finishReason: String?
    }

    /// What the model is to be asked now.
    private(set) var prompt: Prompt

    private let bounds: Bounds
    private var round = Round()
    private var rounds = 0
    private var callIDs: Set<String> = []
    private var hasSpoken = false
    // The sum of what the provider counted, with estimates of the rounds that it left out.
    private var usage = TokenUsage(prompt: 0, completion: 0)
    private var isUsageEstimated = false

    /// Starts a turn with tools.
    ///
    /// - Parameters:
    ///   - prompt: What the model would be asked without them.
    ///   - tools: What it may call.
    ///   - guidance: What it is told about them, as the system: at the beginning, in one message with what stands there,
    ///     since many templates know no other place and no second one.
    ///   - bounds: How far it may go.
    init(prompt: Prompt, tools: [ToolDefinition], guidance: String, bounds: Bounds = Bounds()) {
        self.bounds = bounds
        self.prompt = prompt
        self.prompt.tools = tools
        if let first = prompt.messages.first, first.role == .system {
            self.prompt.messages[0].content = first.content + "\n\n" + guidance
        } else {
            self.prompt.messages.insert(PromptMessage(role: .system, content: guidance), at: 0)
        }
    }

    /// Takes what the model sends, and returns what of it is sent on.
    ///
    /// Text and thoughts go on at once, a later round's text behind a blank line. Calls go on under an id that no other
    /// call of the turn has; those past the bound are dropped. Usage and the reason to end wait for the end.
    mutating func take(_ chunk: ReplyChunk) -> [ReplyChunk] {
        switch chunk {
        case .text(let text):
            guard !text.isEmpty else { return [] }
            let isContinued = hasSpoken && round.text.isEmpty
            hasSpoken = true
            round.text += text
            return [.text(isContinued ? "\n\n" + text : text)]
        case .toolCall(let call):
            guard !prompt.tools.isEmpty, callIDs.count < bounds.calls else {
                round.hasSurplus = true
                return []
            }
            let call = call.bounded(as: uniqueID(for: call.id))
            callIDs.insert(call.id)
            round.calls.append(call)
            return [.toolCall(call)]
        case .usage(let usage):
            round.usage = usage
            return []
        case .finishReason(let reason):
            round.finishReason = reason
            return []
        // It is estimated here, round by round.
        case .estimatedUsage: return []
        case .reasoning, .toolResult, .contexts, .structured, .model:
            return [chunk]
        }
    }

    /// Ends a round, which is complete.
    ///
    /// - Throws: ``ParleyError/Code/upstreamError`` where the model has used tools and then gave no answer, nor a reason.
    mutating func endRound() throws(ParleyError) -> Step {
        count()
        guard round.calls.isEmpty else { return .run(round.calls) }
        if round.text.isEmpty, !callIDs.isEmpty {
            switch round.finishReason {
            case nil, "stop", "tool_calls":
                let message =
                    round.hasSurplus
                    ? "The model went on calling tools and gave no answer." : "The model used tools and gave no answer."
                throw ParleyError(.upstreamError, message)
            default: break
            }
        }
        var last: [ReplyChunk] = []
        if !isUsageEstimated {
            last.append(.usage(usage))
        } else if rounds > 1 {
            // Of a single round the reply's own rules know as much.
            last.append(.estimatedUsage(usage))
        }
        if let reason = round.finishReason { last.append(.finishReason(reason)) }
        return .end(last)
    }

    /// Takes the results of a round's calls, in the order of the calls, and returns what is sent on.
    ///
    /// `elapsed` is the time since the turn began. Results that are too long are cut, with a note.
    mutating func take(results: [ToolResult], at elapsed: Duration) -> [ReplyChunk] {
        let results = results.map(bounded)
        prompt.messages.append(.assistant(round.text, calling: round.calls))
        prompt.messages += results.map(PromptMessage.tool)
        let isSpent =
            rounds >= bounds.rounds || callIDs.count >= bounds.calls || round.hasSurplus || usage.total >= bounds.tokens
            || elapsed >= bounds.time
        if isSpent {
            prompt.tools = []
            // Here and not as a message of the system's: templates take none behind the beginning.
            prompt.messages[prompt.messages.count - 1].content += Self.lastWord
        }
        round = Round()
        return results.map(ReplyChunk.toolResult)
    }

    private static let lastWord =
        "\n\nNo more tools can be called in this turn. Answer now with what is known, and say what is missing."
    private static let cutNote = "… (cut here: the result is too long; ask for less)"

    private mutating func count() {
        rounds += 1
        let spent =
            round.usage
            ?? TokenUsage(
                prompt: prompt.messages.estimatedTokens,
                completion: PromptMessage.assistant(round.text, calling: round.calls).estimatedTokens
            )
        if round.usage == nil { isUsageEstimated = true }
        usage = TokenUsage(
            prompt: usage.prompt.saturatingAdd(spent.prompt),
            completion: usage.completion.saturatingAdd(spent.completion)
        )
    }

    // The model's own id where it can be: some models were trained on a form of their own.
    private func uniqueID(for id: String) -> String {
        let isUsable = 1...64 ~= id.utf8.count && !id.utf8.contains(0) && !callIDs.contains(id)
        if isUsable { return id }
        var number = callIDs.count + 1
        while callIDs.contains("call_\(number)") { number += 1 }
        return "call_\(number)"
    }

    private func bounded(_ result: ToolResult) -> ToolResult {
        guard result.content.utf8.count > bounds.resultBytes else { return result }
        let kept = result.content.prefix(utf8Bytes: bounds.resultBytes - Self.cutNote.utf8.count)
        return ToolResult(
            callID: result.callID,
            name: result.name,
            content: kept + Self.cutNote,
            isError: result.isError
        )
    }
}

extension Int {
    /// The sum, or the largest integer: a provider may say any number.
    fileprivate func saturatingAdd(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
