/// Whether, and when, a call that failed before it was answered is made again.
///
/// Waits grow: the first is between half and the whole of `delay`, each further one up to twice as long as the one before,
/// at most ``longestDelay``; a `Retry-After` counts where it asks for more. A call that the server may have received is never
/// made again unless it was refused: the model is not asked twice.
struct RetryRules: Hashable, Sendable {
    /// How a call failed.
    enum Failure: Hashable, Sendable {
        /// There was no connection to the server: it has surely received nothing.
        case unreachable
        /// It answered with another status than 2xx, and may have said when to come back.
        case status(UInt, retryAfter: Duration?)
        /// It failed in a way that won't change, or after it may have been received.
        case lasting
    }

    /// What to do now.
    enum Verdict: Hashable, Sendable {
        /// Ask again after a wait.
        case retry(after: Duration)
        /// Ask again at once, without a schema for the answer.
        case retryWithoutSchema
        /// Don't: tell the failure.
        case giveUp
        /// Don't: the server wants to be left alone for longer than a person would wait.
        case mustWait(Duration)
    }

    /// How often a call is made again.
    static let limit = 3
    /// The longest wait that is not the server's own wish.
    static let longestDelay = Duration.seconds(8)
    /// The longest wish that is granted: beyond it a person does better to come back.
    static let longestWish = Duration.seconds(30)

    private let delay: Duration
    private var retries = 0
    private var sendsSchema: Bool

    /// Starts with the first call.
    ///
    /// - Parameters:
    ///   - delay: The longest first wait.
    ///   - sendsSchema: Whether the call asks for a form of the answer, which a server may not know.
    init(delay: Duration, sendsSchema: Bool) {
        self.delay = delay
        self.sendsSchema = sendsSchema
    }

    /// What to do about a failure.
    ///
    /// - Parameters:
    ///   - failure: How the call failed.
    ///   - remaining: How much time there is until the answer must have begun.
    ///   - jitter: From 0 to 1, by chance: so that many who failed together don't come back together.
    /// - Returns: What to do; a wait is always shorter than `remaining`.
    mutating func verdict(on failure: Failure, remaining: Duration, jitter: Double) -> Verdict {
        var wish = Duration.zero
        switch failure {
        case .unreachable: break
        case .status(400, _) where sendsSchema, .status(422, _) where sendsSchema:
            sendsSchema = false
            return .retryWithoutSchema
        case .status(let status, let retryAfter) where status == 429 || 500..<600 ~= status:
            wish = retryAfter ?? .zero
            guard wish <= Self.longestWish else { return .mustWait(wish) }
        case .status, .lasting: return .giveUp
        }
        guard retries < Self.limit else { return .giveUp }
        let longest = min(delay * (1 << retries), Self.longestDelay)
        retries += 1
        // A wish is granted a little late rather than early, and by each a little differently.
        let wait = max(longest * (0.5 + jitter / 2), wish + longest * (jitter / 4))
        return wait < remaining ? .retry(after: wait) : .giveUp
    }
}
