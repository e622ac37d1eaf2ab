import ParleyCore

/// One chunk of a streamed chat completion, as far as Parley reads it.
///
/// Tolerant of what servers leave out or add; strict only in being JSON. A refusal is the answer's text.
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
        if let error = chunk["error"], error != .null {
            throw ParleyError(.upstreamError, UpstreamMessage.sentence("reported an error", error))
        }
        model = chunk["model"]?.stringValue
        usage = chunk["usage"].flatMap(TokenUsage.init(upstream:))
        contexts = chunk["contexts"]?.arrayValue.map(Self.bounded)
        // Only one choice is asked for; another one's text must not be mixed in.
        guard let choice = chunk["choices"]?.arrayValue?.first(where: { ($0["index"]?.intValue ?? 0) == 0 }) else {
            return
        }
        let delta = choice["delta"]
        text = Self.text(delta, "content", "refusal")
        reasoning = Self.text(delta, "reasoning_content", "reasoning")
        toolCalls = delta?["tool_calls"]?.arrayValue ?? []
        finishReason = choice["finish_reason"]?.stringValue.flatMap(Self.reason)
    }

    /// The first text that is not empty among some members: some servers write all of them on every chunk.
    private static func text(_ delta: JSON?, _ names: String...) -> String? {
        names.lazy.compactMap { delta?[$0]?.stringValue }.first { !$0.isEmpty }
    }

    /// A reason, unless it says that there is none: some servers write that on every chunk, and not as JSON's null.
    private static func reason(_ text: String) -> String? {
        text.isEmpty || text == "null" ? nil : text
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
