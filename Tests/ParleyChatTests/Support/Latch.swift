import Synchronization

/// Something that happens once, and can be waited for.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Lets everyone through.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until it is open; a cancellation does not end the waiting.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// Waits until the task is cancelled, and throws `CancellationError` then.
func untilCancelled() async throws {
    let (never, keep) = AsyncStream.makeStream(of: Never.self)
    for await _ in never {}
    withExtendedLifetime(keep) {}
    try Task.checkCancellation()
}
