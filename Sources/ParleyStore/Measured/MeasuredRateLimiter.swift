public import ParleyCore
public import ParleyMetrics

/// Counts whom another limiter asks to wait, by the limit's name.
public struct MeasuredRateLimiter: RateLimiter {
    /// The names of the limits that there are, for counters that begin at zero.
    public static let limits = [
        RateLimit.newConversations, .turns, .appends, .imports, .registrations, .signIns,
    ].map(\.name)

    private let base: any RateLimiter
    private let metrics: LimiterMetrics

    /// Wraps a limiter.
    public init(_ base: any RateLimiter, metrics: LimiterMetrics = LimiterMetrics(limits: limits)) {
        self.base = base
        self.metrics = metrics
    }

    /// Takes one from a budget, as the other limiter does.
    public func take(_ key: String, from limit: RateLimit) async -> Duration? {
        let wait = await base.take(key, from: limit)
        if wait != nil { metrics.refused(limit.name) }
        return wait
    }
}
