import Synchronization

/// A value that is given once, from anywhere, and that any number of tasks wait for.
public final class Eventual<Value: Sendable>: Sendable {
    private enum State {
        case waited([CheckedContinuation<Value, Never>])
        case given(Value)
    }

    private let state = Mutex(State.waited([]))

    /// Makes one that has no value yet.
    public init() {}

    /// Whether it has its value.
    public var isGiven: Bool {
        state.withLock { if case .given = $0 { true } else { false } }
    }

    /// Gives the value; the first one counts.
    public func give(_ value: Value) {
        let waiting = state.withLock { state in
            guard case .waited(let waiting) = state else { return [CheckedContinuation<Value, Never>]() }
            state = .given(value)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    /// Waits for the value, whatever becomes of the task.
    public func value() async -> Value {
        await withCheckedContinuation { continuation in
            let given = state.withLock { state -> Value? in
                switch state {
                case .given(let value): return value
                case .waited(let waiting):
                    state = .waited(waiting + [continuation])
                    return nil
                }
            }
            if let given { continuation.resume(returning: given) }
        }
    }
}
