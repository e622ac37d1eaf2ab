public import ParleyCore
import Synchronization

/// Carries events within this process.
///
/// Publishing never waits: each subscription has a bounded queue, and one that runs full is told
/// ``ParleyCore/Signal/lagged`` in place of all that waited. A subscription lasts as long as its body.
public final class InProcessEventBus: EventBus {
    private struct State {
        var queues: [EventTopic: [Int: SignalQueue]] = [:]
        var nextID = 0
        var isShutDown = false
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// Makes a bus.
    ///
    /// - Parameter capacity: How many signals may wait for one subscriber.
    public init(capacity: Int = Limits.subscriptionQueue) {
        self.capacity = capacity
    }

    /// How many subscriptions there are now.
    public var subscriptionCount: Int {
        state.withLock { $0.queues.values.reduce(0) { $0 + $1.count } }
    }

    /// Hands events to the subscribers of their project and of their conversation.
    public func publish(_ events: [Event]) async {
        // Collected first: whoever a signal wakes finds the bus unlocked.
        let deliveries = state.withLock { state in
            events.flatMap { event -> [(queue: SignalQueue, event: Event)] in
                let topics: [EventTopic] = [.project(event.projectID), .conversation(event.conversationID)]
                return topics.flatMap { topic in (state.queues[topic] ?? [:]).values.map { ($0, event) } }
            }
        }
        for delivery in deliveries { delivery.queue.put(.event(delivery.event)) }
    }

    /// Subscribes to a topic as long as `body` runs.
    ///
    /// On a bus that has shut down the subscription ends at once.
    public func withSubscription<Result: Sendable>(
        to topic: EventTopic,
        _ body: (EventSubscription) async throws -> Result
    ) async throws -> Result {
        let queue = SignalQueue(capacity: capacity)
        let id = add(queue, to: topic)
        defer { remove(id, from: topic) }
        return try await body(EventSubscription { await queue.next() })
    }

    /// Ends all subscriptions, once they have taken what waits for them, and takes no new ones.
    public func shutDown() {
        let queues = state.withLock { state in
            state.isShutDown = true
            return state.queues.values.flatMap(\.values)
        }
        for queue in queues { queue.finish() }
    }

    private func add(_ queue: SignalQueue, to topic: EventTopic) -> Int {
        state.withLock { state in
            if state.isShutDown { queue.finish() }
            state.nextID += 1
            state.queues[topic, default: [:]][state.nextID] = queue
            return state.nextID
        }
    }

    private func remove(_ id: Int, from topic: EventTopic) {
        state.withLock { state in
            state.queues[topic]?[id] = nil
            if state.queues[topic]?.isEmpty == true { state.queues[topic] = nil }
        }
    }
}
