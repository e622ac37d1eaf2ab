/// Carries committed events to whoever is interested, in this process and, where the bus is shared, in every other.
public protocol EventBus: Sendable {
    /// Hands events to all subscribers of their topics. Never waits for a subscriber, and never fails a write that has
    /// committed: a subscriber that can't be reached finds out by revision.
    func publish(_ events: [Event]) async

    /// Tells those whom it concerns that somebody may see more or less than before, in one line with the events that were
    /// published before and after. It promises what ``publish(_:)`` does.
    func announce(_ notice: AccessNotice) async

    /// Whether what happens in other processes is heard here at present; always, where the bus is not shared.
    ///
    /// While it isn't, whoever must not miss anything looks at the store now and then. When it is again, subscribers are
    /// told ``Signal/lagged``.
    var hearsOthers: Bool { get }

    /// Subscribes to a topic for the time of `body`. Events published after `body` begins are seen by it.
    func withSubscription<Result: Sendable>(
        to topic: EventTopic,
        _ body: (EventSubscription) async throws -> Result
    ) async throws -> Result
}

/// What a subscriber is interested in.
public enum EventTopic: Hashable, Sendable {
    /// Everything in a project.
    case project(ProjectID)
    /// Everything in one conversation of a project; a bus between instances carries events by project.
    case conversation(ConversationID, in: ProjectID)
    /// What a person may see, and for how long.
    case person(EmailAddress)

    /// Where it is told.
    public var channel: EventChannel {
        switch self {
        case .project(let id), .conversation(_, in: let id): .project(id)
        case .person(let email): .person(email)
        }
    }
}

/// What keeps its order on a bus: events and notices of one channel come to each subscriber as one process published them.
public enum EventChannel: Hashable, Sendable {
    /// All of a project.
    case project(ProjectID)
    /// What concerns one person.
    case person(EmailAddress)
}

/// What a subscription hands out.
public enum Signal: Hashable, Sendable {
    /// An event.
    case event(Event)
    /// Somebody may see more or less than before.
    case access(AccessNotice)
    /// Some events were dropped, since this subscriber was too slow or a link was lost: read the state afresh.
    case lagged
}

/// A subscriber's bounded queue, as an asynchronous sequence that ends when the bus shuts down or the task is cancelled.
public struct EventSubscription: AsyncSequence, Sendable {
    /// Hands out signals in their order.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let take: @Sendable () async -> Signal?

        /// The next signal; `nil` at the end.
        public func next() async -> Signal? {
            await take()
        }

        /// The next signal, on the caller's isolation; `nil` at the end.
        public func next(isolation actor: isolated (any Actor)?) async -> Signal? {
            await take()
        }
    }

    private let take: @Sendable () async -> Signal?
    private let finish: @Sendable () -> Void

    /// Wraps a bus's queue.
    ///
    /// `next` waits for a signal and takes it, in order; it returns `nil` once the bus has shut down, the subscription was
    /// ended, or the calling task is cancelled. `end` lets nothing more come.
    public init(next take: @escaping @Sendable () async -> Signal?, end: @escaping @Sendable () -> Void = {}) {
        self.take = take
        finish = end
    }

    /// Ends the sequence, after what waits: for one who holds the subscription while another task reads it.
    public func end() {
        finish()
    }

    /// Hands out signals in their order.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(take: take)
    }
}
