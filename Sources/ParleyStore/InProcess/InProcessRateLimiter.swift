public import ParleyCore
import Synchronization

/// Budgets within this process, for a bounded number of keys.
///
/// When there is no room for another key, full budgets are forgotten, which changes nothing; where that makes no room, the
/// eighth that is nearest to full is, which lets those keys begin afresh rather than memory grow.
public final class InProcessRateLimiter: RateLimiter {
    private struct Key: Hashable {
        let limit: String
        let key: String
    }

    private let budgets = Mutex<[Key: GCRA]>([:])
    private let maximumKeys: Int
    private let elapsed: @Sendable () -> Duration

    /// Makes a limiter.
    ///
    /// - Parameters:
    ///   - maximumKeys: How many budgets are remembered; at some 100 bytes each, the default takes 10 MB.
    ///   - clock: What time is read from; it must never go back.
    public init(maximumKeys: Int = 100_000, clock: any Clock<Duration> = ContinuousClock()) {
        self.maximumKeys = max(1, maximumKeys)
        elapsed = Self.stopwatch(clock)
    }

    /// How many budgets are remembered.
    public var keyCount: Int { budgets.withLock(\.count) }

    /// Takes one from the budget of `key`; returns how long to wait where it is empty, and then takes nothing.
    public func take(_ key: String, from limit: RateLimit) async -> Duration? {
        let now = elapsed()
        return budgets.withLock { budgets in
            let key = Key(limit: limit.name, key: key)
            if budgets[key] == nil, budgets.count >= maximumKeys { makeRoom(in: &budgets, at: now) }
            return budgets[key, default: GCRA()].take(at: now, from: limit)
        }
    }

    private func makeRoom(in budgets: inout [Key: GCRA], at now: Duration) {
        budgets = budgets.filter { !$0.value.isFull(at: now) }
        guard budgets.count >= maximumKeys else { return }
        // An eighth at once, so that the sorting is paid for by many keys.
        let fullest = budgets.sorted { $0.value.fullAt < $1.value.fullAt }.prefix(max(1, maximumKeys / 8))
        for entry in fullest { budgets[entry.key] = nil }
    }

    private static func stopwatch<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
