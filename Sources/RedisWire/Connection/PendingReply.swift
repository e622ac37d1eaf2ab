import Synchronization

/// The place where one command's answer is put and waited for, once.
final class PendingReply: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Result<RedisReply, RedisError>, Never>)
        case answered(Result<RedisReply, RedisError>)
        /// Nobody waits any more: what comes is dropped.
        case abandoned
    }

    private let state = Mutex(State.open)

    /// Puts the answer in; the first one counts.
    func complete(_ result: Result<RedisReply, RedisError>) {
        let waiter = state.withLock { state -> CheckedContinuation<Result<RedisReply, RedisError>, Never>? in
            switch state {
            case .open:
                state = .answered(result)
                return nil
            case .waiting(let continuation):
                state = .answered(result)
                return continuation
            case .answered, .abandoned: return nil
            }
        }
        waiter?.resume(returning: result)
    }

    /// Waits for the answer; once only.
    ///
    /// A cancelled task stops waiting. The command still takes its turn, and its answer goes nowhere.
    func value() async throws(RedisError) -> RedisReply {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result = state.withLock { state -> Result<RedisReply, RedisError>? in
                    switch state {
                    case .open:
                        state = .waiting(continuation)
                        return nil
                    case .answered(let result): return result
                    case .waiting, .abandoned: return .failure(Self.cancellation)
                    }
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            abandon()
        }
        return try result.get()
    }

    private func abandon() {
        let waiter = state.withLock { state -> CheckedContinuation<Result<RedisReply, RedisError>, Never>? in
            switch state {
            case .open:
                state = .abandoned
                return nil
            case .waiting(let continuation):
                state = .abandoned
                return continuation
            case .answered, .abandoned: return nil
            }
        }
        waiter?.resume(returning: .failure(Self.cancellation))
    }

    private static let cancellation = RedisError(.cancelled, "The task that waited was cancelled.")
}
