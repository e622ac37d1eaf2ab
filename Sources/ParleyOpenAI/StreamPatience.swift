import ParleyCore

/// How long a server's stream is waited for: until its first token, through its silences, and as a whole.
struct StreamPatience<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
    private let firstTokenBy: Instant
    private let wholeBy: Instant
    private let idleTimeout: Duration
    private var hasBegun = false
    // `nil` while what came is being handed over: then it is us who are slow.
    private var silentSince: Instant?

    /// Starts waiting.
    init(_ settings: OpenAISettings, from start: Instant) {
        firstTokenBy = start.advanced(by: settings.firstTokenTimeout)
        wholeBy = start.advanced(by: settings.totalTimeout)
        idleTimeout = settings.idleTimeout
        silentSince = start
    }

    /// The server has sent something, after which the model has begun to speak or not.
    mutating func heard(hasBegun: Bool) {
        self.hasBegun = hasBegun
        silentSince = nil
    }

    /// What came is handed over: the server is waited for again.
    mutating func listen(at now: Instant) {
        silentSince = now
    }

    /// How much time the server has left to begin.
    func timeToBegin(at now: Instant) -> Duration {
        now.duration(to: min(firstTokenBy, wholeBy))
    }

    /// When to look again; or why the waiting is over.
    func verdict(at now: Instant) -> Result<Instant, ParleyError> {
        let (deadline, message) = earliest(at: now)
        guard now < deadline else { return .failure(ParleyError(.upstreamError, message)) }
        // A first token may bring a silence's end before the deadline that holds until then.
        return .success(min(deadline, now.advanced(by: idleTimeout)))
    }

    private func earliest(at now: Instant) -> (Instant, String) {
        let silence =
            hasBegun
            ? (
                (silentSince ?? now).advanced(by: idleTimeout),
                "The model's server fell silent in the middle of its answer."
            )
            : (firstTokenBy, "The model's server did not begin to answer in time.")
        let whole = (wholeBy, "The model's server did not finish its answer in time.")
        return silence.0 <= whole.0 ? silence : whole
    }
}
