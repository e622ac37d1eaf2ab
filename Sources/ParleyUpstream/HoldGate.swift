import Synchronization

/// Where answers wait until they are let go.
final class HoldGate: Sendable {
    private struct State {
        var nextID = 0
        var waiting: [Int: AsyncStream<Never>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// Waits for the next release.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before.
    func wait() async throws {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        let id = state.withLock { state in
            state.nextID += 1
            state.waiting[state.nextID] = continuation
            return state.nextID
        }
        defer { state.withLock { _ = $0.waiting.removeValue(forKey: id) } }
        for await _ in stream {}
        try Task.checkCancellation()
    }

    /// Lets all go that wait now.
    func release() {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.finish() }
    }
}
