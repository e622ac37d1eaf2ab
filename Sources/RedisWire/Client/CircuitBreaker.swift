/// Decides whether Redis is asked at all: after several failures in a row it is left alone but for a probe now and then.
///
/// ```
///            failures in a row          a success
///   closed ───────────────────▶ open ─────────────▶ closed
///                               │  ▲
///             the interval over │  │ one more failure, or no result within the interval
///                               ▼  │
///                             probing ── a success ──▶ closed
/// ```
///
/// A failure is a connection that broke or could not be made, however many commands were on it: a single break under load
/// is one failure. An error that Redis answers with is a success, since Redis answered.
struct CircuitBreaker: Hashable, Sendable {
    /// Where the breaker stands.
    enum State: Hashable, Sendable {
        /// Commands pass; so many failures in a row.
        case closed(failures: Int)
        /// Commands are refused; from then on one may pass.
        case open(until: Duration)
        /// One command has passed; if nothing is heard of it, another may pass from then on.
        case probing(until: Duration)
    }

    private let failuresToOpen: Int
    private let interval: Duration
    private(set) var state = State.closed(failures: 0)

    /// Makes a breaker that lets everything pass.
    ///
    /// - Parameters:
    ///   - failuresToOpen: How many failures in a row open it.
    ///   - interval: The time from its opening to the first probe, and from one probe to the next.
    init(failuresToOpen: Int, interval: Duration) {
        self.failuresToOpen = max(1, failuresToOpen)
        self.interval = interval
    }

    /// Whether a command may pass at this time.
    mutating func admits(at now: Duration) -> Bool {
        switch state {
        case .closed: return true
        case .open(let until), .probing(let until):
            guard now >= until else { return false }
            state = .probing(until: now + interval)
            return true
        }
    }

    /// Redis has answered.
    mutating func succeeded() {
        state = .closed(failures: 0)
    }

    /// A connection broke or could not be made.
    mutating func failed(at now: Duration) {
        switch state {
        case .closed(let failures) where failures + 1 < failuresToOpen: state = .closed(failures: failures + 1)
        case .closed, .probing: state = .open(until: now + interval)
        // Attempts to connect go on meanwhile; if they put the probe off, there might never be one.
        case .open: break
        }
    }
}
