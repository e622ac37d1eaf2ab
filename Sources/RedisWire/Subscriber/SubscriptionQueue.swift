import NIOCore
import Synchronization

/// One subscription's bounded queue: never makes Redis wait, and says so when it has dropped something.
final class SubscriptionQueue: Sendable {
    private struct State {
        var events: [RedisSubscriptionEvent] = []
        // How many of `events` have been taken: taking from the front of an array would move all the others.
        var taken = 0
        var byteCount = 0
        var end: Result<Void, RedisError>?
        var nextID = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]

        mutating func drop() {
            events.removeAll(keepingCapacity: true)
            taken = 0
            byteCount = 0
        }

        mutating func put(_ event: RedisSubscriptionEvent, maxMessages: Int, maxBytes: Int) {
            switch event {
            case .message(let message):
                let bytes = message.payload.readableBytes
                if events.count - taken >= maxMessages || byteCount + bytes > maxBytes {
                    drop()
                    events.append(.gap(.overflow))
                } else {
                    byteCount += bytes
                    events.append(event)
                }
            case .gap:
                // Gaps in a row are one; so there is at most one more of them than of messages.
                if events.count > taken, case .gap = events[events.count - 1] { events.removeLast() }
                events.append(event)
            }
        }

        mutating func take() -> RedisSubscriptionEvent? {
            guard taken < events.count else { return nil }
            let event = events[taken]
            taken += 1
            if case .message(let message) = event { byteCount -= message.payload.readableBytes }
            if taken == events.count || taken >= 1024 {
                events.removeFirst(taken)
                taken = 0
            }
            return event
        }
    }

    private let maxMessages: Int
    private let maxBytes: Int
    private let state = Mutex(State())

    init(maxMessages: Int, maxBytes: Int) {
        self.maxMessages = max(1, maxMessages)
        self.maxBytes = max(1, maxBytes)
    }

    /// Puts an event in; after the end it is dropped.
    func put(_ event: RedisSubscriptionEvent) {
        let waiting = state.withLock { state -> [Int: CheckedContinuation<Void, Never>] in
            guard state.end == nil else { return [:] }
            state.put(event, maxMessages: maxMessages, maxBytes: maxBytes)
            defer { state.waiting = [:] }
            return state.waiting
        }
        for waiter in waiting.values { waiter.resume() }
    }

    /// Takes no more events; those that wait can still be taken.
    ///
    /// The first end counts.
    func end(_ result: Result<Void, RedisError>) {
        let waiting = state.withLock { state in
            if state.end == nil { state.end = result }
            defer { state.waiting = [:] }
            return state.waiting
        }
        for waiter in waiting.values { waiter.resume() }
    }

    /// Takes the next event, waiting for one; `nil` after the end, and when the task is cancelled.
    func next() async throws(RedisError) -> RedisSubscriptionEvent? {
        while !Task.isCancelled {
            let (event, end) = state.withLock { ($0.take(), $0.end) }
            if let event { return event }
            if let end {
                try end.get()
                return nil
            }
            await wait()
        }
        return nil
    }

    private func wait() async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    // The cancellation's handler may have run before: then nobody else would wake this.
                    guard state.taken == state.events.count, state.end == nil, !Task.isCancelled else { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
    }
}
