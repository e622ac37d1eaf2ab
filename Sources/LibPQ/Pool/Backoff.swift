/// How long to wait after something has failed: twice as long each time, up to a limit, and never the same as the others.
public struct PostgresBackoff: Hashable, Sendable {
    /// The wait after the first failure, at most.
    public var first: Duration
    /// The longest wait.
    public var limit: Duration

    /// Makes it from its bounds.
    public init(first: Duration, limit: Duration) {
        self.first = first
        self.limit = limit
    }

    /// The wait after so many failures in a row: between half of it and all of it, as a number from 0 to 1 says.
    public func delay(afterFailures count: Int, random: Double) -> Duration {
        var whole = first
        var doublings = count - 1
        while doublings > 0, whole < limit { (whole, doublings) = (whole * 2, doublings - 1) }
        return min(whole, limit) * (0.5 + random / 2)
    }
}

/// How often something is done that others may stand in the way of.
public struct PostgresRetry: Hashable, Sendable {
    /// How often it is tried, the first time included.
    public var attempts: Int
    /// How long it waits between.
    public var backoff: PostgresBackoff

    /// Five attempts, with waits of a few milliseconds unless told otherwise.
    public init(
        attempts: Int = 5,
        backoff: PostgresBackoff = PostgresBackoff(first: .milliseconds(5), limit: .milliseconds(100))
    ) {
        self.attempts = attempts
        self.backoff = backoff
    }
}
