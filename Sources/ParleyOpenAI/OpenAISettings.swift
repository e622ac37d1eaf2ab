/// How an OpenAI-compatible server is reached.
public struct OpenAISettings: Sendable {
    /// The base address, up to and with `/v1`; a slash at its end does not matter.
    public var url: String
    /// The bearer token; none is sent where there is none.
    public var apiKey: String?
    /// The model to ask where a turn names none; without one the server chooses, if it can.
    public var model: String?
    /// Whether `filters` are sent on, as a top-level member that OpenAI itself would refuse, and a top-level `contexts` of
    /// the answer is taken.
    public var sendsExtensions: Bool
    /// How long the server may take until it sends its first token, connecting included: large models load for minutes.
    public var firstTokenTimeout: Duration
    /// How long the server may be silent after that; a comment line is not silence.
    public var idleTimeout: Duration
    /// How long an answer may take as a whole.
    public var totalTimeout: Duration
    /// The longest wait before a call is made a second time; it doubles with each further one.
    public var retryDelay: Duration

    /// Makes settings.
    ///
    /// - Parameters:
    ///   - url: The base address, up to and with `/v1`.
    ///   - apiKey: The bearer token.
    ///   - model: The model to ask where a turn names none.
    ///   - sendsExtensions: Whether `filters` are sent on and `contexts` are taken.
    ///   - firstTokenTimeout: The longest time until the first token.
    ///   - idleTimeout: The longest silence after that.
    ///   - totalTimeout: The longest time for an answer.
    ///   - retryDelay: The longest first wait before a call is made again.
    public init(
        url: String,
        apiKey: String? = nil,
        model: String? = nil,
        sendsExtensions: Bool = false,
        firstTokenTimeout: Duration = .seconds(120),
        idleTimeout: Duration = .seconds(60),
        totalTimeout: Duration = .seconds(1800),
        retryDelay: Duration = .milliseconds(500)
    ) {
        self.url = url
        self.apiKey = apiKey
        self.model = model
        self.sendsExtensions = sendsExtensions
        self.firstTokenTimeout = firstTokenTimeout
        self.idleTimeout = idleTimeout
        self.totalTimeout = totalTimeout
        self.retryDelay = retryDelay
    }
}
