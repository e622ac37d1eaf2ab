import ParleyCore

/// One chunk of a streamed chat completion, or a whole one, as far as Parley reads it.
///
/// Tolerant of what servers leave out or add; strict only in being JSON. A refusal is the answer's text. Read are also
/// content as a list of parts, thoughts among them, and the older form of tool calls, `function_call`.
struct ChatCompletionChunk: Hashable, Sendable {
    /// The model that answers.
    var model: String?
    /// More text; never empty.
    var text: String?
    /// Why the answer ended.
    var finishReason: String?
    /// What it cost.
    var usage: TokenUsage?
    /// What the model thinks aloud: not part of the answer, and never empty.
    var reasoning: String?
    /// Fragments of tool calls.
    var toolCalls: [JSON] = []
    /// The passages that the answer is made with, where the chunk tells them: not one of OpenAI's own members.
    var contexts: [JSON]?

    /// Reads a chunk.
    ///
    /// - Throws: ``ParleyError/Code/upstreamError`` where the server reports an error in it, or it is not a JSON object.
    init(parsing data: [UInt8]) throws(ParleyError) {
        let chunk: JSON
        do {
            chunk = try JSON(parsing: data)
        } catch {
            throw ParleyError(.upstreamError, "The model's server sent a malformed chunk.", cause: error)
        }
        guard chunk.objectValue != nil else {
            throw ParleyError(.upstreamError, "The model's server sent a malformed chunk.")
        }
        try self.init(chunk, saying: "delta")
    }

    /// Reads a completion that came as a whole.
    ///
    /// - Throws: ``ParleyError/Code/upstreamError`` where the server reports an error in it.
    init(whole completion: JSON) throws(ParleyError) {
        try self.init(completion, saying: "message")
        // Whole calls need no index, but one without an id must not be taken for a piece of the one before.
        toolCalls = toolCalls.enumerated().map { index, call in
            var call = call.objectValue ?? JSONObject()
            call["index"] = .number(JSONNumber(index))
            return .object(call)
        }
    }

    /// Whether a server that was asked for a stream has answered with a completion as a whole instead.
    static func isWhole(_ body: JSON) -> Bool {
        guard body["error"] ?? .null == .null else { return false }
        return choice(in: body)?["message"]?.objectValue != nil
    }

    private init(_ chunk: JSON, saying name: String) throws(ParleyError) {
        if let error = chunk["error"], error != .null {
            throw ParleyError(.upstreamError, UpstreamMessage.sentence("reported an error", error))
        }
        model = chunk["model"]?.stringValue
        usage = chunk["usage"].flatMap(TokenUsage.init(upstream:))
        contexts = chunk["contexts"]?.arrayValue.map(Self.bounded)
        guard let choice = Self.choice(in: chunk) else { return }
        let delta = choice[name]
        text = Self.text(delta, "content", "refusal")
        reasoning = Self.text(delta, "reasoning_content", "reasoning") ?? Self.thoughts(in: delta?["content"])
        toolCalls = Self.toolCalls(in: delta)
        finishReason = choice["finish_reason"]?.stringValue.flatMap(Self.reason)
    }

    /// The first text that is not empty among some members: some servers write all of them on every chunk.
    private static func text(_ delta: JSON?, _ names: String...) -> String? {
        names.lazy.compactMap { delta?[$0].flatMap(plain) }.first { !$0.isEmpty }
    }

    /// A text, or the texts in a list of parts.
    private static func plain(_ content: JSON) -> String? {
        if let text = content.stringValue { return text }
        return content.arrayValue?.filter { $0["type"] == "text" }.compactMap { $0["text"]?.stringValue }.joined()
    }

    /// What is thought aloud in a list of parts.
    private static func thoughts(in content: JSON?) -> String? {
        let parts = content?.arrayValue?.filter { $0["type"] == "thinking" } ?? []
        let thoughts = parts.compactMap { $0["thinking"].flatMap(plain) }.joined()
        return thoughts.isEmpty ? nil : thoughts
    }

    private static func toolCalls(in delta: JSON?) -> [JSON] {
        if let calls = delta?["tool_calls"]?.arrayValue, !calls.isEmpty { return calls }
        guard let function = delta?["function_call"], function.objectValue != nil else { return [] }
        return [["index": 0, "function": function]]
    }

    /// Only one choice is asked for; another one's text must not be mixed in.
    private static func choice(in chunk: JSON) -> JSON? {
        chunk["choices"]?.arrayValue?.first { ($0["index"]?.intValue ?? 0) == 0 }
    }

    /// A reason, unless it says that there is none: some servers write that on every chunk, and not as JSON's null.
    private static func reason(_ text: String) -> String? {
        switch text {
        case "", "null": nil
        case "function_call": "tool_calls"
        default: text
        }
    }

    /// The objects among the passages, as many as a message can keep.
    private static func bounded(_ contexts: [JSON]) -> [JSON] {
        var room = Limits.messageAttachmentBytes
        return contexts.prefix(contextLimit).filter { context in
            guard context.objectValue != nil else { return false }
            let size = context.serialized.count
            guard size <= room else { return false }
            room -= size
            return true
        }
    }

    // More than a model makes use of.
    private static let contextLimit = 100
}

extension TokenUsage {
    fileprivate init?(upstream usage: JSON) {
        // No model reads that much: such a count is a mistake, and sums of counts must stay integers.
        let plausible = 0...(1 << 40)
        guard let prompt = usage["prompt_tokens"]?.intValue, plausible ~= prompt else { return nil }
        let completion = usage["completion_tokens"]?.intValue ?? 0
        guard plausible ~= completion else { return nil }
        self.init(prompt: prompt, completion: completion)
    }
}
