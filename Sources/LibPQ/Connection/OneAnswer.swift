internal import Synchronization

/// One value from a thread to one task that waits for it, which may leave before.
final class OneAnswer<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, Never>)
        case given(Value)
        case taken
    }

    private let state = Mutex(State.empty)

    /// Gives the value; the first one counts.
    func give(_ value: Value) {
        let waiting = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .empty:
                state = .given(value)
                return nil
            case .waiting(let continuation):
                state = .taken
                return continuation
            case .given, .taken: return nil
            }
        }
        waiting?.resume(returning: value)
    }

    /// Waits for the value, whatever becomes of the task.
    ///
    /// For one task, once.
    func take() async -> Value {
        await withCheckedContinuation { continuation in
            let given = state.withLock { state -> Value? in
                if case .given(let value) = state {
                    state = .taken
                    return value
                }
                state = .waiting(continuation)
                return nil
            }
            if let given { continuation.resume(returning: given) }
        }
    }

    /// Waits for the value, or for the task's cancellation and then returns the other one.
    ///
    /// For one task, once.
    func take(ifCancelled other: Value) async -> Value {
        await withTaskCancellationHandler {
            await take()
        } onCancel: {
            give(other)
        }
    }
}
