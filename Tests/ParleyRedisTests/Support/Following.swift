import ParleyCore
import Synchronization

/// Reads on until a signal is as asked for; returns all up to it.
func signals(
    from iterator: EventSubscription.AsyncIterator,
    until isLast: (Signal) -> Bool
) async -> [Signal] {
    var signals: [Signal] = []
    while let signal = await iterator.next() {
        signals.append(signal)
        if isLast(signal) { break }
    }
    return signals
}

/// All signals to the end.
func collect(_ subscription: EventSubscription) async -> [Signal] {
    var signals: [Signal] = []
    for await signal in subscription { signals.append(signal) }
    return signals
}

/// A log of numbered events whose truth can be looked up, as a store's can: for seeing that nothing is missed in silence.
final class NumberedLog: Sendable {
    private let count = Mutex(0)

    /// How many events were committed.
    var committed: Int { count.withLock(\.self) }

    /// Commits the next event.
    func commit() -> Event {
        let index = count.withLock { count in
            defer { count += 1 }
            return count
        }
        return Sample.delta(index)
    }

    /// What went wrong while following.
    struct Missed: Error {
        let expected: Int
        let got: Int
    }

    /// Follows the log as a client does, until all of `total` is known: reads the truth at ``Signal/lagged``, and takes
    /// events in order; one that is missing without a ``Signal/lagged`` is an error.
    ///
    /// Returns how often the truth had to be read.
    func follow(_ subscription: EventSubscription, from start: Int = 0, until total: Int) async throws -> Int {
        var known = start
        var reads = 0
        guard known < total else { return 0 }
        for await signal in subscription {
            switch signal {
            case .lagged:
                known = max(known, committed)
                reads += 1
            case .event(let event):
                guard case .delta(let delta) = event.kind, delta.index >= known else { continue }
                guard delta.index == known else { throw Missed(expected: known, got: delta.index) }
                known += 1
            case .access: continue
            }
            if known >= total { return reads }
        }
        throw CancellationError()
    }
}

extension Signal {
    /// The conversation it is about.
    var conversationID: ConversationID? {
        if case .event(let event) = self { event.conversationID } else { nil }
    }
}
