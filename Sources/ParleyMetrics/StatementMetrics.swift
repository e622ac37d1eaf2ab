public import Logging
public import Metrics

/// Counts and logs statements that took too long: by name and duration, never with their arguments.
public struct StatementMetrics: Sendable {
    private let threshold: Duration
    private let logger: Logger
    private let factory: any MetricsFactory

    /// Makes it; a `threshold` of zero means that nothing is too long.
    public init(threshold: Duration, logger: Logger, factory: any MetricsFactory = MetricsSystem.factory) {
        self.threshold = threshold
        self.logger = logger
        self.factory = factory
    }

    /// Takes note of a statement.
    ///
    /// `name` is one of the program's own, never a text with values in it.
    public func ran(_ name: String, for duration: Duration) {
        guard threshold > .zero, duration >= threshold else { return }
        // Looked up each time: it is rare, and what was slow already.
        Metric.slowStatements.counter(name, factory: factory).increment()
        logger.warning(
            "A statement was slow",
            metadata: ["statement": "\(name)", "duration_ms": "\(Int(duration / .milliseconds(1)))"]
        )
    }
}
