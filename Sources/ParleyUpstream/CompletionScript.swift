import ParleyCore

/// The steps of one answer, in order: pure, and without end where the answer is.
struct CompletionScript: Sequence, IteratorProtocol, Sendable {
    /// What is done next.
    enum Step: Hashable, Sendable {
        /// Time passes.
        case wait(Duration)
        /// A comment is sent.
        case comment
        /// An event with these data is sent.
        case event(String)
        /// Nothing, until the control route says so.
        case hold
        /// The connection is ended here.
        case cut(Behaviour.Cut)
    }

    private enum Phase {
        case opening
        case deltas
        case ended
    }

    /// How many deltas there were.
    private(set) var deltaCount = 0

    private let request: CompletionRequest
    private let behaviour: Behaviour
    private let envelope: JSONObject
    private let calls: [Behaviour.Call]
    private let deltas: [JSONObject]
    // Where the deltas that are repeated begin.
    private let textStart: Int
    private let repeats: Int?
    private let promptTokens: Int
    private var phase = Phase.opening
    private var steps: [Step] = []

    /// Writes the script of an answer.
    ///
    /// - Parameters:
    ///   - request: What was asked.
    ///   - behaviour: How it is answered.
    ///   - id: The number of the answer.
    ///   - created: Its time, in seconds since the epoch.
    init(_ request: CompletionRequest, _ behaviour: Behaviour, id: Int, created: Int64) {
        self.request = request
        self.behaviour = behaviour
        envelope = [
            "id": .string("chatcmpl-\(id)"), "object": "chat.completion.chunk", "created": .number(JSONNumber(created)),
            "model": .string(request.model), "system_fingerprint": "fp_parley_upstream",
        ]
        calls = Self.calls(request, behaviour)
        let text = calls.isEmpty ? Self.text(request, behaviour) : ""
        // A long answer comes in longer pieces, so that it does not take long, too.
        let pieces = behaviour.lengthBytes == nil ? DerivedAnswer.deltas(of: text) : text.isEmpty ? [] : [text]
        var deltas: [JSONObject] = []
        for piece in DerivedAnswer.deltas(of: behaviour.reasoning ?? "") {
            deltas.append(["reasoning_content": .string(piece)])
        }
        textStart = deltas.count
        deltas += pieces.map { ["content": .string($0)] }
        deltas += Self.deltas(of: calls, round: request.toolRounds)
        self.deltas = deltas
        if behaviour.isEndless {
            repeats = nil
        } else if let length = behaviour.lengthBytes, !text.isEmpty {
            repeats = Swift.max(1, (length + text.utf8.count - 1) / text.utf8.count)
        } else {
            repeats = 1
        }
        let promptBytes = request.messages.reduce(0) { $0 + $1.serialized.count }
        promptTokens = (promptBytes + 3) / 4
    }

    /// How many deltas the answer has, said once.
    var pieceCount: Int { deltas.count }

    /// The whole answer as one message, for who wants no stream; only of an answer that ends.
    var message: JSON {
        let text = String(repeating: calls.isEmpty ? Self.text(request, behaviour) : "", count: repeats ?? 1)
        var message: JSONObject = ["role": "assistant", "content": calls.isEmpty ? .string(text) : .null]
        if let reasoning = behaviour.reasoning { message["reasoning_content"] = .string(reasoning) }
        if !calls.isEmpty {
            message["tool_calls"] = .array(
                calls.enumerated().map { index, call in
                    [
                        "id": .string(Self.id(of: call, at: index, round: request.toolRounds)), "type": "function",
                        "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
                    ]
                }
            )
        }
        var completion = envelope
        completion["object"] = "chat.completion"
        if !behaviour.contexts.isEmpty { completion["contexts"] = .array(behaviour.contexts) }
        completion["choices"] = [
            ["index": 0, "message": .object(message), "logprobs": .null, "finish_reason": .string(finishReason)]
        ]
        completion["usage"] = usage(completion: pieceCount).json
        return .object(completion)
    }

    mutating func next() -> Step? {
        while steps.isEmpty {
            switch phase {
            case .opening: open()
            case .deltas: say()
            case .ended: return nil
            }
        }
        return steps.removeFirst()
    }

    private mutating func open() {
        if behaviour.comments { steps.append(.comment) }
        var chunk = chunk(["role": "assistant", "content": "", "refusal": .null])
        if !behaviour.contexts.isEmpty { chunk["contexts"] = .array(behaviour.contexts) }
        if behaviour.firstTokenDelay > .zero { steps.append(.wait(behaviour.firstTokenDelay)) }
        steps.append(.event(JSON.object(chunk).text))
        phase = .deltas
        interrupt()
    }

    private mutating func say() {
        let once = deltas.count - textStart
        let isOver = repeats.map { deltaCount >= textStart + once * $0 } ?? (once == 0 && deltaCount >= textStart)
        guard !isOver else { return finish() }
        let place = deltaCount < deltas.count ? deltaCount : textStart + (deltaCount - textStart) % once
        if behaviour.comments { steps.append(.comment) }
        if behaviour.chunkDelay > .zero, deltaCount > 0 { steps.append(.wait(behaviour.chunkDelay)) }
        steps.append(.event(JSON.object(chunk(deltas[place])).text))
        deltaCount += 1
        interrupt()
    }

    private mutating func interrupt() {
        guard deltaCount == behaviour.after else { return }
        if behaviour.holds { steps.append(.hold) }
        guard let ending = behaviour.ending else { return }
        switch ending {
        case .cut(let cut): steps.append(.cut(cut))
        case .error: steps.append(.event(#"{"error":{"message":"The model is overloaded.","type":"server_error"}}"#))
        case .malformed: steps.append(.event(#"{"choices":[{"delta":{"content":"torn"#))
        case .end: break
        }
        phase = .ended
    }

    private mutating func finish() {
        phase = .ended
        steps.append(.event(JSON.object(chunk([:], finishReason: finishReason)).text))
        if request.wantsUsage, behaviour.tellsUsage {
            var chunk = envelope
            chunk["choices"] = []
            chunk["usage"] = usage(completion: deltaCount).json
            steps.append(.event(JSON.object(chunk).text))
        }
        steps.append(.event("[DONE]"))
    }

    private func usage(completion: Int) -> TokenUsage {
        TokenUsage(prompt: promptTokens, completion: completion)
    }

    private var finishReason: String {
        behaviour.finishReason ?? (calls.isEmpty ? "stop" : "tool_calls")
    }

    private func chunk(_ delta: JSONObject, finishReason: String? = nil) -> JSONObject {
        var chunk = envelope
        chunk["choices"] = [
            [
                "index": 0, "delta": .object(delta), "logprobs": .null,
                "finish_reason": finishReason.map(JSON.string) ?? .null,
            ]
        ]
        if request.wantsUsage, behaviour.tellsUsage { chunk["usage"] = .null }
        return chunk
    }
}

// MARK: - What is said

extension CompletionScript {
    private static func text(_ request: CompletionRequest, _ behaviour: Behaviour) -> String {
        if let answer = behaviour.answer { return answer }
        if let schema = request.answerSchema {
            return DerivedAnswer.value(keepingTo: schema, question: request.question).text
        }
        return DerivedAnswer.text(to: request.question, toolAnswers: request.toolAnswers)
    }

    private static func calls(_ request: CompletionRequest, _ behaviour: Behaviour) -> [Behaviour.Call] {
        guard !request.tools.isEmpty || behaviour.callsUnasked else { return [] }
        let rounds = request.toolRounds
        if behaviour.calls.indices.contains(rounds) { return behaviour.calls[rounds] }
        return behaviour.callsForever ? behaviour.calls.last ?? [] : []
    }

    // Ids and names first; then the arguments in fragments, the calls' in turn, each under its index.
    private static func deltas(of calls: [Behaviour.Call], round: Int) -> [JSONObject] {
        var deltas: [JSONObject] = calls.enumerated().map { index, call in
            var head: JSONObject = ["index": .number(JSONNumber(index))]
            if call.id != "" { head["id"] = .string(id(of: call, at: index, round: round)) }
            head["type"] = "function"
            head["function"] = ["name": .string(call.name), "arguments": ""]
            return ["tool_calls": [.object(head)]]
        }
        let fragments = calls.map { DerivedAnswer.deltas(of: $0.arguments) }
        for place in 0..<(fragments.map(\.count).max() ?? 0) {
            for (index, fragments) in fragments.enumerated() where place < fragments.count {
                deltas.append([
                    "tool_calls": [
                        [
                            "index": .number(JSONNumber(index)),
                            "function": ["arguments": .string(fragments[place])],
                        ]
                    ]
                ])
            }
        }
        return deltas
    }

    private static func id(of call: Behaviour.Call, at index: Int, round: Int) -> String {
        call.id ?? "call_\(round)_\(index)"
    }
}

extension TokenUsage {
    fileprivate var json: JSON {
        [
            "prompt_tokens": .number(JSONNumber(prompt)), "completion_tokens": .number(JSONNumber(completion)),
            "total_tokens": .number(JSONNumber(total)),
        ]
    }
}
