import Synchronization

/// Lets a few do at a time what many want to do, in the order in which they come.
public final class FewAtATime: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// For all tests of the process that start servers: a machine that starts twenty at once has none of them soon.
    public static let servers = FewAtATime(3)

    private let state: Mutex<State>

    /// Lets so many.
    public init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// Waits for its turn, and has it until the body is done.
    public func run<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        await withCheckedContinuation { continuation in
            let mayGo = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if mayGo { continuation.resume() }
        }
        defer {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                if state.waiting.isEmpty {
                    state.free += 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.resume()
        }
        return try await body()
    }
}
