public import ParleyCore
public import ParleyMetrics
import Synchronization

/// Carries events within this process.
///
/// Publishing never waits: each subscription has a bounded queue, and one that runs full is told
/// ``ParleyCore/Signal/lagged`` in place of all that waited. A subscription lasts as long as its body.
public final class InProcessEventBus: EventBus {
    private typealias Queues = [Int: SignalQueue]

    /// Who listens to a channel: to all of it, or to one conversation of a project.
    private struct Listeners {
        var ofChannel: Queues = [:]
        var ofConversations: [ConversationID: Queues] = [:]

        var isEmpty: Bool { ofChannel.isEmpty && ofConversations.isEmpty }

        subscript(topic: EventTopic) -> Queues {
            get {
                switch topic {
                case .project, .person: ofChannel
                case .conversation(let id, in: _): ofConversations[id] ?? [:]
                }
            }
            set {
                switch topic {
                case .project, .person: ofChannel = newValue
                case .conversation(let id, in: _): ofConversations[id] = newValue.isEmpty ? nil : newValue
                }
            }
        }

        /// Everybody.
        var all: [SignalQueue] { Array(ofChannel.values) + ofConversations.values.flatMap(\.values) }

        /// Whom an event of a conversation concerns.
        func concerned(by conversation: ConversationID) -> [SignalQueue] {
            Array(ofChannel.values) + (ofConversations[conversation] ?? [:]).values
        }
    }

    private struct State {
        var listeners: [EventChannel: Listeners] = [:]
        var nextID = 0
        var isShutDown = false
    }

    private let capacity: Int
    private let metrics: BusMetrics
    private let state = Mutex(State())

    /// Makes a bus.
    ///
    /// - Parameters:
    ///   - capacity: How many signals may wait for one subscriber.
    ///   - metrics: Counts subscribers that were told they had missed something.
    public init(capacity: Int = Limits.subscriptionQueue, metrics: BusMetrics = BusMetrics()) {
        self.capacity = capacity
        self.metrics = metrics
    }

    /// How many subscriptions there are now.
    public var subscriptionCount: Int {
        state.withLock { $0.listeners.values.reduce(0) { $0 + $1.all.count } }
    }

    /// Hands events to the subscribers of their project and of their conversation.
    public func publish(_ events: [Event]) async {
        // Collected first: whoever a signal wakes finds the bus unlocked.
        let deliveries = state.withLock { state in
            events.flatMap { event -> [(queue: SignalQueue, event: Event)] in
                let listeners = state.listeners[.project(event.projectID)]
                return (listeners?.concerned(by: event.conversationID) ?? []).map { ($0, event) }
            }
        }
        for delivery in deliveries where delivery.queue.put(.event(delivery.event)) == .lost { metrics.gap(.queue) }
    }

    /// Hands a notice to all who listen to its channel.
    public func announce(_ notice: AccessNotice) async {
        for queue in state.withLock({ $0.listeners[notice.channel]?.all ?? [] })
        where queue.put(.access(notice)) == .lost { metrics.gap(.queue) }
    }

    /// Nothing happens elsewhere that would have to be heard.
    public var hearsOthers: Bool { true }

    /// Tells all who listen to a channel that they may have missed something.
    ///
    /// For a bus between instances that has lost track; publishing in process loses nothing in silence.
    public func signalLagged(in channel: EventChannel) {
        for queue in state.withLock({ $0.listeners[channel]?.all ?? [] }) { queue.put(.lagged) }
    }

    /// Tells all whom a conversation's events concern that they may have missed one.
    public func signalLagged(in conversation: ConversationID, of project: ProjectID) {
        let queues = state.withLock { $0.listeners[.project(project)]?.concerned(by: conversation) ?? [] }
        for queue in queues { queue.put(.lagged) }
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
        return try await body(EventSubscription(next: { await queue.next() }, end: { queue.finish() }))
    }

    /// Ends all subscriptions, once they have taken what waits for them, and takes no new ones.
    public func shutDown() {
        let queues = state.withLock { state in
            state.isShutDown = true
            return state.listeners.values.flatMap(\.all)
        }
        for queue in queues { queue.finish() }
    }

    private func add(_ queue: SignalQueue, to topic: EventTopic) -> Int {
        state.withLock { state in
            if state.isShutDown { queue.finish() }
            state.nextID += 1
            state.listeners[topic.channel, default: Listeners()][topic][state.nextID] = queue
            return state.nextID
        }
    }

    private func remove(_ id: Int, from topic: EventTopic) {
        state.withLock { state in
            state.listeners[topic.channel]?[topic][id] = nil
            if state.listeners[topic.channel]?.isEmpty == true { state.listeners[topic.channel] = nil }
        }
    }
}
