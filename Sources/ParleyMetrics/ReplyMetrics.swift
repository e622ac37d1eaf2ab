public import Metrics

/// Counts replies that have ended.
public struct ReplyMetrics: Sendable {
    /// How the writing of a reply ended.
    public enum Outcome: String, CaseIterable, Sendable {
        /// The model's answer is whole.
        case delivered
        /// Somebody stopped it.
        case stopped
        /// The model's server failed.
        case failed
        /// The instance shut down before the end.
        case interrupted
        /// It was deleted or taken over meanwhile.
        case lost
        /// The store did not take it.
        case gaveUp = "gave_up"
        /// The process ended in the middle.
        case cutOff = "cut_off"
    }

    private let outcomes: Tally<Outcome>
    private let firstToken: Timer
    private let durations: Timer

    /// Makes the counters.
    public init(factory: any MetricsFactory = MetricsSystem.factory) {
        outcomes = Tally(.replies, factory: factory)
        firstToken = Metric.replyFirstToken.timer(factory: factory)
        durations = Metric.replyDurations.timer(factory: factory)
    }

    /// Counts a reply; times are of those whose end was committed.
    public func ended(_ outcome: Outcome, after duration: Duration? = nil, firstToken: Duration? = nil) {
        outcomes.count(outcome)
        if let duration { durations.record(duration: duration) }
        if let firstToken { self.firstToken.record(duration: firstToken) }
    }
}
