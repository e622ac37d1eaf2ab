public import Metrics

/// Counts how the mirror follows the truth.
public struct MirrorMetrics: Sendable {
    private let applications: Counter
    private let failures: Counter
    private let differences: Counter
    private let waiting: Meter
    private let lag: Meter

    /// Makes the counters.
    public init(factory: any MetricsFactory = MetricsSystem.factory) {
        applications = Metric.mirrorApplications.counter(factory: factory)
        failures = Metric.mirrorFailures.counter(factory: factory)
        differences = Metric.mirrorDifferences.counter(factory: factory)
        waiting = Metric.mirrorWaiting.meter(factory: factory)
        lag = Metric.mirrorLag.meter(factory: factory)
        applications.increment(by: 0)
        failures.increment(by: 0)
        differences.increment(by: 0)
    }

    /// Something was brought over.
    public func applied() { applications.increment() }

    /// The mirror or the truth didn't answer.
    public func failed() { failures.increment() }

    /// The mirror has something that can't come from the truth.
    public func differs() { differences.increment() }

    /// How many things are still to be brought over, and since when the first of them waits.
    public func now(waiting count: Int, lag duration: Duration) {
        waiting.set(count)
        lag.set(duration / .seconds(1))
    }
}
