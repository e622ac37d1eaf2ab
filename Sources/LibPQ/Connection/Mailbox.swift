internal import CLibPQ
internal import Glibc
internal import Synchronization

/// What tasks want of a connection's thread, handed over without either waiting for the other.
final class Mailbox: Sendable {
    /// A statement and the task that waits for it.
    struct Request: Sendable {
        let id: Int
        let statement: Statement
        let deadline: ContinuousClock.Instant
        let answer: @Sendable (Result<StatementResult, PostgresError>) -> Void
    }

    /// What has come in since the thread last looked.
    struct Post: Sendable {
        var requests: [Request] = []
        var cancellations: [Int] = []
        var isCancelDelivered = false
        var isClosing = false

        var isEmpty: Bool { requests.isEmpty && cancellations.isEmpty && !isCancelDelivered && !isClosing }
    }

    private struct State {
        var post = Post()
        var isAsleep = false
        var lastID = 0
        var end: PostgresError?
        var waitingForEnd: [CheckedContinuation<PostgresError, Never>] = []
    }

    private let state = Mutex(State())
    /// Readable once there is something to look at.
    let wakeUp: Int32

    /// Makes a mailbox that nobody looks into yet.
    init() throws(PostgresError) {
        wakeUp = clibpq_eventfd()
        guard wakeUp >= 0 else { throw PostgresError(.unreachable, "no file descriptor is left") }
    }

    deinit {
        Glibc.close(wakeUp)
    }

    /// Why the connection has ended; `nil` while it stands.
    var end: PostgresError? { state.withLock { $0.end } }

    /// A number that no other statement of the connection has.
    func makeID() -> Int {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Hands over a statement; it is answered at once where the connection has ended.
    func add(_ request: Request) {
        let end = change { $0.requests.append(request) }
        if let end { request.answer(.failure(end.with(kind: end.kind == .closed ? .closed : .unreachable))) }
    }

    /// Asks to give up a statement.
    func cancel(_ id: Int) {
        _ = change { $0.cancellations.append(id) }
    }

    /// Says that a request to cancel is no longer on its way.
    func cancelDelivered() {
        _ = change { $0.isCancelDelivered = true }
    }

    /// Asks to end once everything is done that was asked for before.
    func close() {
        _ = change { $0.isClosing = true }
    }

    /// Waits until the connection has ended, and returns why.
    func ended() async -> PostgresError {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state in
                if state.end == nil { state.waitingForEnd.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// For the thread: takes what has come in.
    func take() -> Post {
        state.withLock { state in
            state.isAsleep = false
            defer { state.post = Post() }
            return state.post
        }
    }

    /// For the thread: whether it may sleep; if so, it is woken by whatever comes in next.
    func fallAsleep() -> Bool {
        state.withLock { state in
            state.isAsleep = state.post.isEmpty
            return state.isAsleep
        }
    }

    /// For the thread: says that the connection has ended, and takes the requests that came too late.
    func finish(_ error: PostgresError) -> [Request] {
        let (late, waiting) = state.withLock { state in
            state.end = error
            defer { (state.post, state.waitingForEnd) = (Post(), []) }
            return (state.post.requests, state.waitingForEnd)
        }
        for continuation in waiting { continuation.resume(returning: error) }
        return late
    }

    private func change(_ body: (inout Post) -> Void) -> PostgresError? {
        state.withLock { state in
            if let end = state.end { return end }
            body(&state.post)
            if state.isAsleep {
                state.isAsleep = false
                eventfd_write(wakeUp, 1)
            }
            return nil
        }
    }
}
