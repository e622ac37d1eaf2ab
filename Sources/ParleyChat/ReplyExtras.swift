import ParleyCore

/// What a reply has besides its text, gathered while it is written: reasoning, tool calls and their results, passages, and
/// the text taken apart.
///
/// Together they keep to the size of a message's attachments, as JSON text: the answer taken apart comes first, then the
/// passages, then the parts in their order; whatever does not fit any more is left out whole.
struct ReplyExtras: Hashable, Sendable {
    private enum Part: Hashable {
        case reasoning(String)
        case call(ToolCall)
        case result(ToolResult)

        var json: JSON {
            switch self {
            case .reasoning(let text): ["type": "reasoning", "text": .string(text)]
            case .call(let call): call.part
            case .result(let result): result.part
            }
        }
    }

    /// The passages that the answer is made with.
    var contexts: [JSON] = []
    /// What the text says, taken apart.
    var answer: JSON?
    /// How sure the model is of ``answer``, from 0 to 1.
    var confidence: Double?

    private let limitBytes: Int
    private var parts: [Part] = []
    // The thought under way, behind the parts: by itself, so that a piece is appended without copying what came before.
    private var thought = ""
    private var bytes = 0
    private var reasoningBytes = 0

    /// Starts gathering, up to `limitBytes` of JSON text.
    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Whether the model wanted anything of a tool.
    var hasToolCalls: Bool {
        parts.contains { if case .call = $0 { true } else { false } }
    }

    /// Takes a piece of what the model thinks aloud; at most a quarter of the room, so that calls keep theirs.
    mutating func think(_ text: String) {
        let text = text.prefix(utf8Bytes: limitBytes / 4 - reasoningBytes)
        guard !text.isEmpty else { return }
        reasoningBytes += text.utf8.count
        bytes += text.utf8.count
        thought += text
    }

    /// Takes a call, while there is room.
    mutating func add(_ call: ToolCall) {
        add(.call(call), bytes: call.arguments.utf8.count)
    }

    /// Takes a call's result, while there is room.
    mutating func add(_ result: ToolResult) {
        add(.result(result), bytes: result.content.utf8.count)
    }

    private mutating func add(_ part: Part, bytes size: Int) {
        // So that a part without text takes room, too.
        let overhead = 64
        guard bytes + size + overhead <= limitBytes else { return }
        bytes += size + overhead
        endThought()
        parts.append(part)
    }

    private mutating func endThought() {
        guard !thought.isEmpty else { return }
        parts.append(.reasoning(thought))
        thought = ""
    }

    /// Writes what was gathered into a reply's outcome, as every store can keep it.
    func complete(_ outcome: inout ReplyOutcome) {
        var room = limitBytes
        func fits(_ value: JSON) -> Bool {
            // With the comma or bracket before it.
            let size = value.serialized.count + 1
            guard size < room else { return false }
            room -= size
            return true
        }
        outcome.confidence = confidence
        if let confidence, confidence < ExplainedAnswer.sufficientConfidence {
            outcome.metadata["verification_required"] = true
        }
        if let answer = answer?.storable, answer != .null, fits(answer) { outcome.aiResponse = answer }
        let contexts = contexts.map(\.storable).filter(fits)
        if !contexts.isEmpty { outcome.contexts = contexts }
        let thinking = thought.isEmpty ? [] : [Part.reasoning(thought)]
        let parts = (parts + thinking).map(\.json.storable).filter(fits)
        if !parts.isEmpty { outcome.parts = parts }
    }
}
