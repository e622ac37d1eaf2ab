import ParleyCore
import Synchronization

/// One subscriber's bounded queue.
///
/// It never makes the publisher wait: a signal that finds it full turns all that waits into one ``Signal/lagged``, and
/// after that it goes on. One that nobody would miss is dropped instead, and says nothing.
final class SignalQueue: Sendable {
    /// What became of a signal.
    enum Put: Hashable {
        /// It is taken, it waits, or nobody will miss it.
        case kept
        /// It found the queue full, and is lost with all that waited.
        case lost
    }

    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Signal?, Never>
    }

    private struct State {
        var waiting: [Signal] = []
        // How many of `waiting` have been taken: taking from the front of an array would move all the others.
        var taken = 0
        var isFinished = false
        var takers: [Waiter] = []
        var nextID = 0
        var cancelled: Set<Int> = []

        var count: Int { waiting.count - taken }

        mutating func put(_ signal: Signal, capacity: Int) -> Put {
            // One that waits says it already: nothing came between.
            if signal == .lagged, count > 0, waiting.last == .lagged { return .kept }
            guard count >= capacity else {
                waiting.append(signal)
                return .kept
            }
            if case .event(let event) = signal, event.isDispensable { return .kept }
            waiting.removeAll(keepingCapacity: true)
            taken = 0
            waiting.append(.lagged)
            return .lost
        }

        mutating func takeFirst() -> Signal? {
            guard count > 0 else { return nil }
            let signal = waiting[taken]
            taken += 1
            if taken == waiting.count || taken >= 1024 {
                waiting.removeFirst(taken)
                taken = 0
            }
            return signal
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// Puts a signal in, or hands it to whoever waits.
    @discardableResult
    func put(_ signal: Signal) -> Put {
        let (taker, put) = state.withLock { state -> (Waiter?, Put) in
            guard !state.isFinished else { return (nil, .kept) }
            if !state.takers.isEmpty { return (state.takers.removeFirst(), .kept) }
            return (nil, state.put(signal, capacity: capacity))
        }
        taker?.continuation.resume(returning: signal)
        return put
    }

    /// Takes the next signal, waiting for one.
    ///
    /// `nil` once the queue has finished and is empty, or the task is cancelled.
    func next() async -> Signal? {
        if Task.isCancelled { return nil }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                take(Waiter(id: id, continuation: continuation))
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Takes no more signals; what waits can still be taken.
    func finish() {
        let takers = state.withLock { state in
            state.isFinished = true
            defer { state.takers = [] }
            return state.takers
        }
        for taker in takers { taker.continuation.resume(returning: nil) }
    }

    private func take(_ waiter: Waiter) {
        let answer = state.withLock { state -> Signal?? in
            if state.cancelled.remove(waiter.id) != nil { return .some(nil) }
            if let signal = state.takeFirst() { return signal }
            if state.isFinished { return .some(nil) }
            state.takers.append(waiter)
            return nil
        }
        if let answer { waiter.continuation.resume(returning: answer) }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.takers.firstIndex(where: { $0.id == id }) else {
                // Cancelled before it began to wait; or after it was served, and then nobody asks for this id again.
                state.cancelled.insert(id)
                return nil
            }
            return state.takers.remove(at: index)
        }
        waiter?.continuation.resume(returning: nil)
    }
}
