import ParleyCore
import ParleyMetrics

extension ReplyMetrics {
    /// Counts the end of a reply's writing; `nil` where it was cut off.
    func ended(_ closing: ReplyStateMachine.Closing?) {
        switch closing {
        case .finished(let outcome):
            ended(
                Outcome(of: outcome),
                after: outcome.latencyMilliseconds.map { .milliseconds($0) },
                firstToken: outcome.firstTokenMilliseconds.map { .milliseconds($0) }
            )
        case .leaseLost: ended(.lost)
        case .gaveUp: ended(.gaveUp)
        case nil: ended(.cutOff)
        }
    }
}

extension ReplyMetrics.Outcome {
    init(of outcome: ReplyOutcome) {
        switch outcome.status {
        case .failed: self = .failed
        case .interrupted: self = .interrupted
        default: self = outcome.metadata["stopped"] == true ? .stopped : .delivered
        }
    }
}
