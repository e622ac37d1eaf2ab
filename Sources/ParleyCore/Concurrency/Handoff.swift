import Synchronization

/// Hands elements from some tasks to others, one at a time: a giver waits until the element before is taken.
///
/// So nothing queues up, and whoever is slow holds back whoever is fast.
package final class Handoff<Element: Sendable>: Sendable {
    private enum Side {
        case givers
        case takers
    }

    private struct Waiter {
        let side: Side
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var element: Element?
        var end: Result<Void, any Error>?
        var nextID = 0
        var waiting: [Int: Waiter] = [:]

        mutating func takeWaiters(_ side: Side? = nil) -> [CheckedContinuation<Void, Never>] {
            let leaving = waiting.filter { side == nil || $0.value.side == side }
            for id in leaving.keys { waiting[id] = nil }
            return leaving.values.map(\.continuation)
        }
    }

    private let state = Mutex(State())

    /// Makes a handoff that holds nothing.
    package init() {}

    /// Hands over an element, after the one before has been taken.
    ///
    /// - Throws: `CancellationError` when the task is cancelled or the handing over has ended.
    package func give(_ element: Element) async throws {
        while true {
            try Task.checkCancellation()
            let (isGiven, takers) = try state.withLock { state in
                guard state.end == nil else { throw CancellationError() }
                guard state.element == nil else { return (false, [CheckedContinuation<Void, Never>]()) }
                state.element = element
                return (true, state.takeWaiters(.takers))
            }
            for taker in takers { taker.resume() }
            if isGiven { return }
            await wait(among: .givers) { $0.element == nil || $0.end != nil }
        }
    }

    /// The next element; `nil` once the handing over has ended and everything was taken.
    ///
    /// - Throws: What the handing over was ended with, after everything before it was taken; `CancellationError` when the
    ///   task is cancelled.
    package func take() async throws -> Element? {
        while true {
            try Task.checkCancellation()
            let (element, end, givers) = state.withLock { state in
                (state.element.take(), state.end, state.takeWaiters(.givers))
            }
            for giver in givers { giver.resume() }
            if let element { return element }
            if let end {
                try end.get()
                return nil
            }
            await wait(among: .takers) { $0.element != nil || $0.end != nil }
        }
    }

    /// Ends the handing over; the first end counts.
    package func end(_ result: Result<Void, any Error> = .success(())) {
        let waiting = state.withLock { state in
            if state.end == nil { state.end = result }
            return state.takeWaiters()
        }
        for waiter in waiting { waiter.resume() }
    }

    private func wait(among side: Side, until isReady: (State) -> Bool) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    // The cancellation's handler may have run before: then nobody else would wake this.
                    guard !isReady(state), !Task.isCancelled else { return true }
                    state.waiting[id] = Waiter(side: side, continuation: continuation)
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}
