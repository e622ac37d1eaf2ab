public import ParleyCore
import Synchronization

/// What reached an upstream, and what became of it; the newest ``limit`` entries.
public final class RequestLog: Sendable {
    /// How a request ended.
    public enum Ending: String, Hashable, Sendable {
        /// It was answered to the end, if with an error.
        case whole
        /// The upstream broke off, as it was told to.
        case cut
        /// The client left before the end.
        case clientLeft = "client_left"
    }

    /// One request.
    public struct Entry: Hashable, Sendable {
        /// Its number, from 1.
        public let id: Int
        /// When it came.
        public let time: Timestamp
        /// Method and path.
        public let target: String
        /// The headers, the key left out.
        public let headers: [String: String]
        /// The body; `null` where it is no JSON.
        public let request: CompletionRequest
        /// The status of the answer; none where it was dropped.
        public internal(set) var status: Int?
        /// How many deltas were sent.
        public internal(set) var deltas = 0
        /// How it ended; none while it is answered.
        public internal(set) var ending: Ending?
        /// When it ended.
        public internal(set) var endTime: Timestamp?

        /// The entry as the control route tells it.
        public var json: JSON {
            var entry: JSONObject = [
                "id": .number(JSONNumber(id)), "time": .string(time.description), "target": .string(target),
                "headers": .object(
                    headers.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) }
                ),
                "body": request.body, "deltas": .number(JSONNumber(deltas)),
            ]
            entry["status"] = status.map { .number(JSONNumber($0)) }
            entry["ending"] = ending.map { .string($0.rawValue) }
            entry["end_time"] = endTime.map { .string($0.description) }
            return .object(entry)
        }
    }

    private struct Waiter {
        let condition: @Sendable ([Entry]) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var count = 0
        var entries: [Entry] = []
        var waiters: [Waiter] = []

        mutating func takeWaiters() -> [Waiter] {
            let served = waiters.filter { $0.condition(entries) }
            if !served.isEmpty { waiters.removeAll { $0.condition(entries) } }
            return served
        }
    }

    /// How many entries are kept; older ones are forgotten.
    public static let limit = 20_000

    private let state = Mutex(State())
    private let clock: any WallClock

    init(clock: any WallClock) {
        self.clock = clock
    }

    /// The requests for completions that were kept, in order.
    public var entries: [Entry] { state.withLock { $0.entries } }

    /// How many requests for completions there were.
    public var count: Int { state.withLock { $0.count } }

    /// Waits until the entries are as they should be; a cancellation does not end the waiting.
    public func wait(until condition: @escaping @Sendable ([Entry]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard !condition(state.entries) else { return true }
                state.waiters.append(Waiter(condition: condition, continuation: continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Forgets all entries; the numbers go on.
    public func clear() {
        change { $0.entries = [] }
    }

    func add(_ target: String, _ headers: [String: String], _ request: CompletionRequest) -> Int {
        change { state in
            state.count += 1
            // Forgetting half at once makes it cheap.
            if state.entries.count >= Self.limit { state.entries.removeFirst(Self.limit / 2) }
            state.entries.append(
                Entry(id: state.count, time: clock.now(), target: target, headers: headers, request: request)
            )
            return state.count
        }
    }

    /// Notes the status that a request is answered with.
    func answer(_ id: Int, status: Int) {
        edit(id) { $0.status = status }
    }

    /// Notes that a request has ended; a second end does not count.
    func end(_ id: Int, _ ending: Ending, deltas: Int = 0) {
        edit(id) { entry in
            guard entry.ending == nil else { return }
            entry.ending = ending
            entry.endTime = clock.now()
            entry.deltas = deltas
        }
    }

    private func edit(_ id: Int, _ body: (inout Entry) -> Void) {
        change { state in
            guard let first = state.entries.first?.id, state.entries.indices.contains(id - first) else { return }
            body(&state.entries[id - first])
        }
    }

    private func change<Result>(_ body: (inout sending State) -> Result) -> Result {
        let (result, waiters) = state.withLock { state in
            let result = body(&state)
            return (result, state.takeWaiters())
        }
        for waiter in waiters { waiter.continuation.resume() }
        return result
    }
}
