/// How long to wait before trying again: longer each time, and never quite the same.
public struct RedisBackoff: Hashable, Sendable {
    /// The longest first wait.
    public var initial: Duration
    /// The longest wait of all.
    public var maximum: Duration
    private var failures = 0

    /// Makes a backoff.
    ///
    /// - Parameters:
    ///   - initial: The longest first wait; it doubles with each failure.
    ///   - maximum: The longest wait of all.
    public init(initial: Duration = .milliseconds(50), maximum: Duration = .seconds(1)) {
        self.initial = initial
        self.maximum = max(initial, maximum)
    }

    /// How long to wait after one more failure: from half of the longest wait to all of it.
    ///
    /// The half keeps a failing server from being asked at once; the other half keeps many clients from coming back in step.
    mutating func wait(using random: inout some RandomNumberGenerator) -> Duration {
        var longest = initial
        for _ in 0..<failures where longest < maximum { longest = min(longest * 2, maximum) }
        failures += 1
        return longest / 2 + longest / 2 * Double.random(in: 0...1, using: &random)
    }

    /// Begins anew after a success.
    mutating func reset() { failures = 0 }
}
