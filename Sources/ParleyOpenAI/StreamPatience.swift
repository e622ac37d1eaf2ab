import ParleyCore

/// How long a server's stream is waited for: until its first token, through its silences, and as a whole; and, once the
/// model has said why it stops, for what may still follow.
struct StreamPatience<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
    private let firstTokenBy: Instant
    private let wholeBy: Instant
    private let idleTimeout: Duration
    private var hasBegun = false
    private var hasFinished = false
    // `nil` as below.
    private var saidAt: Instant?
    // `nil` while what came is being handed over: then it is us who are slow.
    private var silentSince: Instant?

    /// Starts waiting.
    init(_ settings: OpenAISettings, from start: Instant) {
        firstTokenBy = start.advanced(by: settings.firstTokenTimeout)
        wholeBy = start.advanced(by: settings.totalTimeout)
        idleTimeout = settings.idleTimeout
        silentSince = start
    }

    /// How long a server has for the cost, and the end of its stream, after the model's last word.
    static var afterword: Duration { .seconds(1) }

    /// The server has sent something.
    ///
    /// - Parameters:
    ///   - hasBegun: Whether the model has begun to speak.
    ///   - hasFinished: Whether it has said why it stops.
    ///   - saysMore: Whether what was sent says anything: a comment does not.
    mutating func heard(hasBegun: Bool, hasFinished: Bool = false, saysMore: Bool = true) {
        self.hasBegun = hasBegun
        self.hasFinished = hasFinished
        silentSince = nil
        if saysMore { saidAt = nil }
    }

    /// What came is handed over: the server is waited for again.
    mutating func listen(at now: Instant) {
        silentSince = now
        saidAt = saidAt ?? now
    }

    /// When to look again whether more follows on the model's last word; `nil` once nothing has for ``afterword``, or the
    /// time for the whole is over.
    ///
    /// A server that has said why the model stops has said everything but the cost, and some keep the stream open.
    func endOfAfterword(at now: Instant) -> Instant? {
        let end = min((saidAt ?? now).advanced(by: Self.afterword), wholeBy)
        return now < end ? end : nil
    }

    /// How much time the server has left to begin.
    func timeToBegin(at now: Instant) -> Duration {
        now.duration(to: min(firstTokenBy, wholeBy))
    }

    /// When to look again; or why the waiting is over.
    func verdict(at now: Instant) -> Result<Instant, ParleyError> {
        // What is whole can't fail any more.
        guard !hasFinished else { return .success(now.advanced(by: idleTimeout)) }
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
