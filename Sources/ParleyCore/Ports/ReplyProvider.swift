/// Something that answers: a model behind a server, or the built-in echo.
public protocol ReplyProvider: Sendable {
    /// Writes a reply, handing each chunk to `consume` as it comes; returns when the reply is complete.
    ///
    /// `consume` may wait, which holds the provider's stream back. A ``ParleyError`` with code `upstreamError` says why a
    /// reply ended early; what was handed over before stays. Cancellation ends the call to the model.
    func reply(to prompt: Prompt, consume: (ReplyChunk) async throws -> Void) async throws
}

/// What a model is asked.
public struct Prompt: Hashable, Sendable {
    /// The conversation so far, oldest first, ending with the person's message, or with what tools have answered.
    public var messages: [PromptMessage]
    /// The model; none means the provider's own choice.
    public var model: String?
    /// For the provider, untouched.
    public var filters: JSON?
    /// What the model may call; none means that it can't.
    public var tools: [ToolDefinition]
    /// What the answer must look like; none means plain text.
    ///
    /// A provider that can't ask for it leaves it out.
    public var answerSchema: AnswerSchema?

    /// Makes a prompt.
    public init(
        messages: [PromptMessage],
        model: String? = nil,
        filters: JSON? = nil,
        tools: [ToolDefinition] = [],
        answerSchema: AnswerSchema? = nil
    ) {
        self.messages = messages
        self.model = model
        self.filters = filters
        self.tools = tools
        self.answerSchema = answerSchema
    }
}

/// One message as the model sees it.
public struct PromptMessage: Hashable, Sendable {
    /// Who speaks.
    public var role: MessageRole
    /// What they say.
    public var content: String
    /// What the assistant wants of tools; each call is answered by one of the messages of role `tool` right behind.
    public var toolCalls: [ToolCall]
    /// The call that a message of role `tool` answers.
    public var toolCallID: String?
    /// What is said besides the text: images, sound, files, as they came in.
    public var parts: [JSON]

    /// Makes a message.
    public init(
        role: MessageRole,
        content: String,
        toolCalls: [ToolCall] = [],
        toolCallID: String? = nil,
        parts: [JSON] = []
    ) {
        self.role = role
        self.content = content
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
        self.parts = parts
    }
}

/// A JSON Schema that an answer keeps to.
public struct AnswerSchema: Hashable, Sendable {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    public let name: String
    /// The schema.
    public let schema: JSON

    /// Makes a schema.
    public init(name: String, schema: JSON) {
        self.name = name
        self.schema = schema
    }
}

/// A piece of what a provider sends.
public enum ReplyChunk: Hashable, Sendable {
    /// More text.
    case text(String)
    /// The model thinks aloud: not part of the answer's text.
    case reasoning(String)
    /// The model wants a tool called; it comes whole.
    case toolCall(ToolCall)
    /// What a tool answered.
    case toolResult(ToolResult)
    /// The passages that the answer is made with; the last word counts.
    case contexts([JSON])
    /// What the text says, taken apart, or `null` where it can't be; and how sure of it the model is, from 0 to 1.
    ///
    /// The last word counts.
    case structured(JSON, confidence: Double)
    /// The model that answers.
    case model(String)
    /// What it cost.
    case usage(TokenUsage)
    /// What it cost, as it is estimated: where not all of it was counted.
    case estimatedUsage(TokenUsage)
    /// Why it ended: `stop`, `length`, `content_filter`.
    case finishReason(String)
}
