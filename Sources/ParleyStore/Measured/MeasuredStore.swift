public import Metrics
public import ParleyCore
import ParleyMetrics

/// Counts what another store is asked and how it ends, and how long that takes.
///
/// Changes nothing. Put it round the store that is the truth, under whatever publishes and caches, so that its times are
/// those of the database with its queues.
public struct MeasuredStore: ConversationStore {
    let base: any ConversationStore
    private let operations: [StoreOperation: OperationMetrics]
    private let stopwatch: Stopwatch

    /// Wraps a store.
    public init(
        _ base: any ConversationStore,
        factory: any MetricsFactory = MetricsSystem.factory,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.base = base
        stopwatch = Stopwatch(clock)
        operations = Dictionary(
            StoreOperation.allCases.map { ($0, OperationMetrics($0, factory: factory)) }
        ) { first, _ in first }
    }

    /// Runs `body`, and counts it as `operation`.
    func measure<Value>(_ operation: StoreOperation, _ body: () async throws -> Value) async throws -> Value {
        let start = stopwatch.elapsed()
        do {
            let value = try await body()
            operations[operation]?.ended(.ok, after: stopwatch.elapsed() - start)
            return value
        } catch {
            operations[operation]?.ended(OperationMetrics.Outcome(of: error), after: stopwatch.elapsed() - start)
            throw error
        }
    }
}

/// The counters of one operation.
private struct OperationMetrics: Sendable {
    enum Outcome: String, CaseIterable {
        case ok
        case refused
        case unavailable
        case failed
        case cancelled

        init(of error: any Error) {
            switch (error as? ParleyError)?.code {
            case .unavailable?: self = .unavailable
            case .internalError?: self = .failed
            case .some: self = .refused
            case nil: self = error is CancellationError ? .cancelled : .failed
            }
        }
    }

    private let outcomes: [Outcome: Counter]
    private let durations: Timer

    init(_ operation: StoreOperation, factory: any MetricsFactory) {
        outcomes = Dictionary(
            Outcome.allCases.map {
                ($0, Metric.storeOperations.counter(operation.rawValue, $0.rawValue, factory: factory))
            }
        ) { first, _ in first }
        durations = Metric.storeDurations.timer(operation.rawValue, factory: factory)
    }

    func ended(_ outcome: Outcome, after duration: Duration) {
        outcomes[outcome]?.increment()
        durations.record(duration: duration)
    }
}
