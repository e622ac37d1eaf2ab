public import Logging
public import Metrics

/// Counts and logs statements that took too long: by name and duration, never with their arguments.
public struct StatementMetrics: Sendable {
    private let threshold: Duration
    private let logger: Logger
    private let factory: any MetricsFactory
    private let memory: SlowStatements?

    /// Makes it; a `threshold` of zero means that nothing is too long.
    ///
    /// What is too long is told to `memory` as well, where there is one.
    public init(
        threshold: Duration,
        logger: Logger,
        factory: any MetricsFactory = MetricsSystem.factory,
        memory: SlowStatements? = nil
    ) {
        self.threshold = threshold
        self.logger = logger
        self.factory = factory
        self.memory = memory
    }

    /// Takes note of a statement.
    ///
    /// `name` is one of the program's own, never a text with values in it.
    public func ran(_ name: String, for duration: Duration) {
        guard threshold > .zero, duration >= threshold else { return }
        // Looked up each time: it is rare, and what was slow already.
        Metric.slowStatements.counter(name, factory: factory).increment()
        memory?.note(name, duration)
        logger.warning(
            "A statement was slow",
            metadata: ["statement": "\(name)", "duration_ms": "\(Int(duration / .milliseconds(1)))"]
        )
    }

    /// Takes the time of a statement, or of all of a transaction, by the name of the function that it is for.
    public func timing<Value>(_ function: String, _ body: () async throws -> Value) async rethrows -> Value {
        guard threshold > .zero else { return try await body() }
        let start = ContinuousClock.now
        // Without the function's labels.
        defer { ran(String(function.prefix { $0 != "(" }), for: .now - start) }
        return try await body()
    }
}
