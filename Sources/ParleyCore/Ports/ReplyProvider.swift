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
    /// The conversation so far, oldest first, ending with the person's message.
    public var messages: [PromptMessage]
    /// The model; none means the provider's own choice.
    public var model: String?
    /// For the provider, untouched.
    public var filters: JSON?

    /// Makes a prompt.
    public init(messages: [PromptMessage], model: String? = nil, filters: JSON? = nil) {
        self.messages = messages
        self.model = model
        self.filters = filters
    }
}

/// One message as the model sees it.
public struct PromptMessage: Hashable, Sendable {
    /// Who speaks.
    public var role: MessageRole
    /// What they say.
    public var content: String

    /// Makes a message.
    public init(role: MessageRole, content: String) {
        self.role = role
        self.content = content
    }
}

/// A piece of what a provider sends.
public enum ReplyChunk: Hashable, Sendable {
    /// More text.
    case text(String)
    /// The model that answers.
    case model(String)
    /// What it cost.
    case usage(TokenUsage)
    /// Why it ended: `stop`, `length`, `content_filter`.
    case finishReason(String)
}
