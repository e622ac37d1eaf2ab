import Synchronization

/// A bounded number of places; who finds none waits for one.
final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [AsyncStream<Never>.Continuation] = []
    }

    private let state: Mutex<State>

    /// Makes so many places.
    init(_ count: Int) {
        state = Mutex(State(free: max(1, count)))
    }

    /// Runs `body` in a place.
    ///
    /// - Throws: What `body` throws; `CancellationError` when the task is cancelled while it waits.
    func use<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        while !takePlace() {
            try Task.checkCancellation()
            guard let turn = turn() else { continue }
            // Ends when a place becomes free, and at once when the task is cancelled.
            for await _ in turn {}
        }
        defer { giveBack() }
        return try await body()
    }

    private func takePlace() -> Bool {
        state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
    }

    /// A turn to wait for; `nil` where a place has become free meanwhile.
    private func turn() -> AsyncStream<Never>? {
        state.withLock { state in
            guard state.free == 0 else { return nil }
            let (turn, end) = AsyncStream.makeStream(of: Never.self)
            state.waiting.append(end)
            return turn
        }
    }

    private func giveBack() {
        let waiting = state.withLock { state in
            state.free += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        // All of them: one whose task was cancelled would let the place lie. There are as many as channels at most.
        for waiter in waiting { waiter.finish() }
    }
}
