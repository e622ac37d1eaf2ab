public import Metrics

/// Shows how a pool of connections does.
public struct PoolMetrics: Sendable {
    private let open: Meter
    private let lent: Meter
    private let waiting: Meter
    private let waits: Timer

    /// Makes the gauges of the pool called `pool`, such as `postgres-writers`.
    public init(pool: String, factory: any MetricsFactory = MetricsSystem.factory) {
        open = Metric.poolConnections.meter(pool, "open", factory: factory)
        lent = Metric.poolConnections.meter(pool, "lent", factory: factory)
        waiting = Metric.poolWaiting.meter(pool, factory: factory)
        waits = Metric.poolWaits.timer(pool, factory: factory)
    }

    /// Says how the pool is now.
    public func now(open: Int, lent: Int, waiting: Int) {
        self.open.set(open)
        self.lent.set(lent)
        self.waiting.set(waiting)
    }

    /// Counts a wait for a connection, also one that was in vain.
    public func waited(_ duration: Duration) { waits.record(duration: duration) }
}

/// Shows how many writes or reads go together.
public struct BatchMetrics: Sendable {
    private let sizes: Recorder

    /// Makes the histogram of batches of one kind, such as `appends`.
    public init(batch: String, factory: any MetricsFactory = MetricsSystem.factory) {
        sizes = Metric.batchSizes.recorder(batch, factory: factory)
    }

    /// Counts a batch.
    public func ran(count: Int) { sizes.record(count) }
}
