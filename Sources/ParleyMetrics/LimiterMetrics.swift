public import Metrics
import Synchronization

/// Counts who was asked to wait.
public final class LimiterMetrics: Sendable {
    private let counters: Mutex<[String: Counter]>
    private let factory: any MetricsFactory

    /// Makes the counters of the limits that are known by name, all at zero; others are made when they first refuse.
    public init(limits: [String], factory: any MetricsFactory = MetricsSystem.factory) {
        self.factory = factory
        counters = Mutex(
            Dictionary(limits.map { ($0, Metric.limiterRefusals.counter($0, factory: factory)) }) { first, _ in first }
        )
    }

    /// Counts a refusal of the limit called `limit`.
    public func refused(_ limit: String) {
        let counter = counters.withLock { counters in
            if let counter = counters[limit] { return counter }
            let counter = Metric.limiterRefusals.counter(limit, factory: factory)
            counters[limit] = counter
            return counter
        }
        counter.increment()
    }
}
