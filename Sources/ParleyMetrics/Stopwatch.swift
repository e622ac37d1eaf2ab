/// Measures time by a clock whose kind nobody need know.
public struct Stopwatch: Sendable {
    /// The time since the stopwatch was made; it never goes back.
    public let elapsed: @Sendable () -> Duration

    /// Starts a stopwatch.
    public init(_ clock: any Clock<Duration> = ContinuousClock()) {
        elapsed = Self.elapsed(by: clock)
    }

    private static func elapsed<C: Clock<Duration>>(by clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
