import ParleyCore

/// Turns the bytes of a streamed chat completion into a reply's chunks, and knows whether the answer is whole.
///
/// Tool calls are handed out whole, when the model has said why it stops.
struct CompletionStream: Sendable {
    /// How far the answer is.
    enum Outcome: Sendable {
        /// More is to come.
        case open
        /// The answer is whole; what may follow does not matter.
        case complete
        /// It will not become whole; what was handed out stays.
        case failed(ParleyError)
    }

    /// How far the answer is.
    private(set) var outcome = Outcome.open
    /// Whether the model has begun to speak, or to think aloud.
    private(set) var hasBegun = false
    /// Whether the model has said why it stops: nothing is missing then, but perhaps what it cost.
    private(set) var hasFinished = false

    private let takesTools: Bool
    private let takesContexts: Bool
    private let newID: @Sendable () -> String
    private var parser = SSEParser()
    private var calls = ToolCallAssembly()
    private var model: String?

    /// Starts to read.
    ///
    /// - Parameters:
    ///   - takesTools: Whether the model was offered tools; else its calls are no part of the answer.
    ///   - takesContexts: Whether a top-level `contexts` is part of it.
    ///   - newID: Makes an id for a tool call that comes without one.
    init(takesTools: Bool, takesContexts: Bool, newID: @escaping @Sendable () -> String) {
        self.takesTools = takesTools
        self.takesContexts = takesContexts
        self.newID = newID
    }

    /// Reads on, and returns what is to be handed over, in order, whatever the outcome.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [ReplyChunk] {
        var chunks: [ReplyChunk] = []
        for event in parser.feed(bytes) {
            guard case .open = outcome else { break }
            take(event, into: &chunks)
        }
        if case .open = outcome, let failure = parser.failure {
            outcome = .failed(
                ParleyError(.upstreamError, "The model's server sent a malformed stream.", cause: failure)
            )
        }
        return chunks
    }

    /// Takes an answer that came whole, and settles the outcome.
    mutating func take(whole completion: JSON) -> [ReplyChunk] {
        var chunks: [ReplyChunk] = []
        do throws(ParleyError) {
            try take(ChatCompletionChunk(whole: completion), into: &chunks)
            try finishCalls(into: &chunks)
            outcome = .complete
        } catch {
            outcome = .failed(error)
        }
        return chunks
    }

    /// Takes the stream as ended by the server, or by `error` on the way, and settles the outcome.
    ///
    /// A model that has said why it stops has said everything; else the answer broke off.
    mutating func end(_ error: (any Error)? = nil) -> [ReplyChunk] {
        guard case .open = outcome else { return [] }
        var chunks: [ReplyChunk] = []
        if let rest = parser.finish() { take(rest, into: &chunks) }
        switch outcome {
        // A chunk that was cut in two is malformed too, but that is not what went wrong.
        case .open, .failed:
            outcome =
                hasFinished
                ? .complete
                : .failed(
                    ParleyError(
                        .upstreamError,
                        "The model's server broke off in the middle of its answer.",
                        cause: error
                    )
                )
        case .complete: break
        }
        return chunks
    }

    private mutating func take(_ event: SSEParser.Event, into chunks: inout [ReplyChunk]) {
        do throws(ParleyError) {
            guard !event.data.elementsEqual("[DONE]".utf8) else {
                try finishCalls(into: &chunks)
                outcome = .complete
                return
            }
            try take(ChatCompletionChunk(parsing: event.data), into: &chunks)
        } catch {
            outcome = .failed(error)
        }
    }

    private mutating func take(
        _ chunk: ChatCompletionChunk,
        into chunks: inout [ReplyChunk]
    ) throws(ParleyError) {
        if let name = chunk.model, name != model {
            model = name
            chunks.append(.model(name))
        }
        // Some servers write an empty list on every chunk.
        if takesContexts, let contexts = chunk.contexts, !contexts.isEmpty { chunks.append(.contexts(contexts)) }
        if let thought = chunk.reasoning { chunks.append(.reasoning(thought)) }
        if let text = chunk.text { chunks.append(.text(text)) }
        if takesTools { try calls.add(chunk.toolCalls) }
        hasBegun = hasBegun || chunk.reasoning != nil || chunk.text != nil || !chunk.toolCalls.isEmpty
        if let reason = chunk.finishReason {
            try finishCalls(into: &chunks)
            hasFinished = true
            chunks.append(.finishReason(reason))
        }
        if let usage = chunk.usage { chunks.append(.usage(usage)) }
    }

    private mutating func finishCalls(into chunks: inout [ReplyChunk]) throws(ParleyError) {
        for call in try calls.finish(newID: newID) { chunks.append(.toolCall(call)) }
    }
}
