import Synchronization

/// What all clients of a cluster have asked for, and when.
final class Journal: Sendable {
    /// An instance, and what it did.
    fileprivate struct Lane: Hashable {
        let instance: Int
        let kind: Operation.Kind
    }

    /// What has come to its end since somebody began to wait.
    struct Progress: Sendable {
        fileprivate var done: [Lane: Int] = [:]
        fileprivate var failed: [Int: Int] = [:]
        fileprivate var begun: [Int: Int] = [:]

        /// How often an instance did something.
        func count(_ kind: Operation.Kind, at instance: Int) -> Int { done[Lane(instance: instance, kind: kind)] ?? 0 }

        /// How often an instance could not do what it was asked for.
        func failures(at instance: Int) -> Int { failed[instance] ?? 0 }

        /// How many replies an instance has begun.
        func replies(at instance: Int) -> Int { begun[instance] ?? 0 }
    }

    private struct State {
        var operations: [Operation] = []
        var isOver = false
        var progress = Progress()
        var waiting: (isMet: @Sendable (Progress) -> Bool, continuation: CheckedContinuation<Void, Never>)?
        var replies: [String] = []
    }

    private let state = Mutex(State())
    private let origin = ContinuousClock.now

    /// The time, in nanoseconds.
    var now: Int {
        let parts = (ContinuousClock.now - origin).components
        return Int(parts.seconds) * 1_000_000_000 + Int(parts.attoseconds / 1_000_000_000)
    }

    /// All that was noted.
    var operations: [Operation] { state.withLock(\.operations) }

    /// Whether clients are to end.
    var isOver: Bool { state.withLock(\.isOver) || Task.isCancelled }

    /// Lets clients end.
    func end() { state.withLock { $0.isOver = true } }

    /// Notes something that has come to its end.
    func note(_ operation: Operation) {
        progress { state in
            state.operations.append(operation)
            if operation.isDone {
                state.progress.done[Lane(instance: operation.instance, kind: operation.kind), default: 0] += 1
            } else if operation.isInDoubt {
                state.progress.failed[operation.instance, default: 0] += 1
            }
        }
    }

    private func progress(_ note: (inout State) -> Void) {
        let woken = state.withLock { state -> CheckedContinuation<Void, Never>? in
            note(&state)
            guard let waiting = state.waiting, waiting.isMet(state.progress) else { return nil }
            state.waiting = nil
            return waiting.continuation
        }
        woken?.resume()
    }

    /// Waits until enough has come to its end, from now on; one waits at a time.
    func until(_ isMet: @escaping @Sendable (Progress) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    state.progress = Progress()
                    if Task.isCancelled { return true }
                    state.waiting = (isMet, continuation)
                    return false
                }
                if isCancelled { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                defer { state.waiting = nil }
                return state.waiting?.continuation
            }?.resume()
        }
    }

    /// Lets somebody follow a reply.
    func offer(reply: String, of conversation: String, begunAt instance: Int) {
        progress { state in
            state.progress.begun[instance, default: 0] += 1
            // Those that nobody came for are old.
            if state.replies.count > 8 { state.replies.removeFirst() }
            state.replies.append(reply + " " + conversation)
        }
    }

    /// A reply to follow, and its conversation.
    func takeReply() -> (id: String, conversation: String)? {
        guard let words = state.withLock({ $0.replies.popLast() })?.split(separator: " ") else { return nil }
        return (String(words[0]), String(words[1]))
    }
}
