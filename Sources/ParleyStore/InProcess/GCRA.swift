public import ParleyCore

/// One budget by the generic cell rate algorithm, which needs a single number: when the budget is full again.
///
/// Times are durations since some fixed start, on a clock that never goes back.
public struct GCRA: Hashable, Sendable {
    /// When the budget is full again; until then it is being refilled. ("Theoretical arrival time" in ITU-T I.371.)
    public private(set) var fullAt: Duration

    /// A full budget.
    public init() {
        fullAt = .zero
    }

    /// Takes one; returns how long to wait where the budget is empty, and then takes nothing.
    ///
    /// Waiting just so long is enough.
    public mutating func take(at now: Duration, from limit: RateLimit) -> Duration? {
        let next = max(fullAt, now) + limit.interval
        let wait = next - now - limit.interval * limit.burst
        guard wait <= .zero else { return wait }
        fullAt = next
        return nil
    }

    /// Whether the budget is full, so that forgetting it changes nothing.
    public func isFull(at now: Duration) -> Bool {
        fullAt <= now
    }
}
