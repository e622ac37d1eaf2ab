/// A budget that fills up with time: what one connection may ask for.
struct TokenBucket: Sendable {
    private let perSecond: Double
    private let burst: Double
    private var level: Double
    private var filledAt: Duration

    /// Makes a full one.
    ///
    /// - Parameters:
    ///   - perSecond: How fast it fills up.
    ///   - burst: How much it holds.
    ///   - now: The time since some fixed start.
    init(perSecond: Int, burst: Int, now: Duration) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        level = Double(burst)
        filledAt = now
    }

    /// Takes one out; `nil`, or the time until there is one.
    mutating func take(now: Duration) -> Duration? {
        let passed = max(.zero, now - filledAt)
        level = min(burst, level + (passed / .seconds(1)) * perSecond)
        filledAt = max(filledAt, now)
        guard level < 1 else {
            level -= 1
            return nil
        }
        return .seconds((1 - level) / perSecond)
    }
}
