import Synchronization

/// Hands elements from one task to another, one at a time: the giver waits until the one before is taken.
final class Handoff<Element: Sendable>: Sendable {
    private enum Side {
        case giver
        case taker
    }

    private struct State {
        var element: Element?
        var end: Result<Void, any Error>?
        var waiting: [Side: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Hands over an element, after the one before has been taken.
    ///
    /// - Throws: `CancellationError` when the task is cancelled or the handing over has ended.
    func give(_ element: Element) async throws {
        while true {
            try Task.checkCancellation()
            let (isGiven, taker) = try state.withLock { state throws -> (Bool, CheckedContinuation<Void, Never>?) in
                guard state.end == nil else { throw CancellationError() }
                guard state.element == nil else { return (false, nil) }
                state.element = element
                return (true, state.waiting.removeValue(forKey: .taker))
            }
            taker?.resume()
            if isGiven { return }
            await wait(as: .giver) { $0.element == nil || $0.end != nil }
        }
    }

    /// The next element; `nil` once the handing over has ended and everything was taken.
    ///
    /// - Throws: What the handing over was ended with, after everything before it was taken; `CancellationError` when the
    ///   task is cancelled.
    func take() async throws -> Element? {
        while true {
            try Task.checkCancellation()
            let (element, end, giver) = state.withLock { state in
                (state.element.take(), state.end, state.waiting.removeValue(forKey: .giver))
            }
            giver?.resume()
            if let element { return element }
            if let end {
                try end.get()
                return nil
            }
            await wait(as: .taker) { $0.element != nil || $0.end != nil }
        }
    }

    /// Ends the handing over; the first end counts.
    func end(_ result: Result<Void, any Error>) {
        let (giver, taker) = state.withLock { state in
            if state.end == nil { state.end = result }
            return (state.waiting.removeValue(forKey: .giver), state.waiting.removeValue(forKey: .taker))
        }
        giver?.resume()
        taker?.resume()
    }

    private func wait(as side: Side, until isReady: (State) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goOn = state.withLock { state in
                    // The cancellation's handler may have run before: then nobody else would wake this.
                    guard !isReady(state), !Task.isCancelled else { return true }
                    state.waiting[side] = continuation
                    return false
                }
                if goOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: side) }?.resume()
        }
    }
}
