package import NIOPosix
import ParleyCore
import Synchronization

/// A bounded queue of blocking work before a thread pool that others use too.
///
/// At most `width` pieces of work are in the pool at once, so that none of its kinds can take all of its threads; at most `depth`
/// wait. The next one is refused at once with ``ParleyError/Code/unavailable``.
package final class WorkQueue: Sendable {
    private typealias Job = @Sendable (NIOThreadPool.WorkItemState) -> Void

    private struct State {
        var running = 0
        var waiting: [Job] = []
    }

    private enum Admission {
        case start
        case wait
        case refuse
    }

    private let pool: NIOThreadPool
    private let width: Int
    private let depth: Int
    private let refusal: String
    private let state = Mutex(State())

    /// Makes a queue before a pool; `refusal` is what is said to who finds it full.
    package init(pool: NIOThreadPool, width: Int, depth: Int, refusal: String) {
        self.pool = pool
        self.width = max(1, width)
        self.depth = max(0, depth)
        self.refusal = refusal
    }

    /// How many pieces of work are in the pool.
    var running: Int { state.withLock { $0.running } }
    /// How many pieces of work wait.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Runs `work` on a thread of the pool.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            admit { [self] poolState in
                switch poolState {
                case .active: continuation.resume(with: Result(catching: work))
                case .cancelled: continuation.resume(throwing: ParleyError.unavailable("The server is shutting down."))
                }
                startNext()
            } refuse: { [refusal] in
                continuation.resume(throwing: ParleyError.unavailable(refusal))
            }
        }
    }

    private func admit(_ job: @escaping Job, refuse: () -> Void) {
        let admission = state.withLock { state -> Admission in
            if state.running < width {
                state.running += 1
                return .start
            }
            guard state.waiting.count < depth else { return .refuse }
            state.waiting.append(job)
            return .wait
        }
        switch admission {
        case .start: pool.submit(job)
        case .wait: break
        case .refuse: refuse()
        }
    }

    private func startNext() {
        let next = state.withLock { state -> Job? in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        if let next { pool.submit(next) }
    }
}
