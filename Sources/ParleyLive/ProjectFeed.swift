import ParleyCore
import ParleyMetrics
import Synchronization

/// One project's events, for all sessions here that may see them: one subscription, each event encoded once.
///
/// Each conversation's changes go out in the order of their revisions, each once. What is missing is filled in from the
/// store; what can't be known is told as `resync`.
final class ProjectFeed: Sendable {
    private struct State {
        var audience = Audience()
        var orders: [ConversationID: ConversationOrder<LiveFrame>] = [:]
        var subscription: EventSubscription?
        var isLeft = false

        mutating func keep(_ order: ConversationOrder<LiveFrame>, of conversation: ConversationID) {
            if orders.count >= Limits.orderedConversations {
                // Those that rest begin anew with their next event.
                orders = orders.filter(\.value.isMissing)
            }
            orders[conversation] = order
        }

        /// Tells what waits, whatever is missing before it, and forgets the order.
        mutating func giveUp(_ conversation: ConversationID) {
            var order = orders.removeValue(forKey: conversation)
            for frame in order?.giveUp() ?? [] { audience.deliver(frame) }
        }
    }

    /// The project.
    let project: ProjectID
    /// Opens when the bus listens, or the feed has ended.
    let listening = Gate()
    private unowned let hub: LiveHub
    private let state = Mutex(State())

    init(of project: ProjectID, hub: LiveHub) {
        self.project = project
        self.hub = hub
    }

    // MARK: Sessions

    /// Adds a session: it is told what is published from now on.
    func add(_ session: LiveSession) {
        guard let group = session.state.withLock({ $0.outlet?.group }) else { return }
        state.withLock { $0.audience.add(session, of: group) }
    }

    /// Removes a session.
    func remove(_ session: LiveSession) {
        state.withLock { $0.audience.remove(session) }
    }

    /// Tells everybody something that has no place in an order.
    func tell(_ frame: LiveFrame) {
        state.withLock { $0.audience.deliver(frame) }
    }

    /// Whether anybody here listens to a conversation's project.
    var sessions: [LiveSession] { state.withLock { $0.audience.sessions } }

    // MARK: Events

    /// Listens until nobody is interested any more, or the bus shuts down.
    func run() async {
        defer { listening.open() }
        // It throws what its body does: nothing.
        try? await hub.bus.withSubscription(to: .project(project)) { subscription in
            let isLeft = state.withLock { state in
                state.subscription = subscription
                return state.isLeft
            }
            guard !isLeft else { return }
            listening.open()
            for await signal in subscription {
                take(signal)
                for group in state.withLock({ $0.audience.groups }) { await group.ready() }
            }
        }
    }

    /// Ends the listening.
    func leave() {
        let subscription = state.withLock { state in
            state.isLeft = true
            return state.subscription.take()
        }
        subscription?.end()
    }

    private func take(_ signal: Signal) {
        switch signal {
        case .event(let event): take(LiveFrame(event), endsOrder: event.endsOrder)
        case .access(.memberLeft(let person, _)):
            for session in sessions where session.identity.email == person { session.close(.accessLost) }
        case .access(.projectDeleted):
            for session in sessions { session.close(.accessLost) }
        case .access(.memberJoined), .access(.signedOut): break
        case .lagged:
            state.withLock { state in
                for conversation in Array(state.orders.keys) { state.giveUp(conversation) }
                state.audience.deliver(.resync(nil, .lagged))
            }
            hub.metrics.resynced(.lagged)
        }
    }

    private func take(_ frame: LiveFrame, endsOrder: Bool) {
        guard let conversation = frame.about.conversationID else { return }
        let step = state.withLock { state -> ConversationOrder<LiveFrame>.Step in
            guard !state.audience.isEmpty else { return ConversationOrder.Step() }
            if endsOrder {
                state.giveUp(conversation)
                state.audience.deliver(frame)
                return ConversationOrder.Step()
            }
            // Somebody's typing waits for nothing.
            guard frame.about.revision != nil || frame.about.index != nil else {
                state.audience.deliver(frame)
                return ConversationOrder.Step()
            }
            var order = state.orders.removeValue(forKey: conversation) ?? ConversationOrder()
            let step = order.take(frame, revision: frame.about.revision)
            for frame in step.passed { state.audience.deliver(frame) }
            state.keep(order, of: conversation)
            return step
        }
        fill(conversation, after: step)
    }

    /// Takes note of the store's present revision of a conversation; an event that should have come and doesn't is filled
    /// in.
    func learn(_ revision: Int, of conversation: ConversationID) {
        let step = state.withLock { state in
            var order = state.orders.removeValue(forKey: conversation) ?? ConversationOrder()
            let step = order.learn(revision)
            state.keep(order, of: conversation)
            return step
        }
        fill(conversation, after: step)
    }

    private func fill(_ conversation: ConversationID, after step: ConversationOrder<LiveFrame>.Step) {
        if step.beginsToMiss { hub.spawn(.fill(self, conversation, isUrgent: false)) }
        if step.overflows { hub.spawn(.fill(self, conversation, isUrgent: true)) }
    }

    /// Reads from the store what is missing of a conversation, if it still is, and tells it in its place.
    func fill(_ conversation: ConversationID) async {
        guard let since = missing(in: conversation) else { return }
        for reader in readers {
            do {
                return try await fill(conversation, since: since, as: reader)
            } catch let error as ParleyError where error.code == .notFound {
                // This one may not see it any more; or nobody does, for it is gone.
                continue
            } catch {
                break
            }
        }
        // That it is gone has been told, or will be. If it is not, whoever has it open looks for themselves.
        state.withLock { state in
            state.giveUp(conversation)
            state.audience.deliver(.resync(conversation, .lagged))
        }
        hub.metrics.resynced(.lagged)
    }

    private func fill(_ conversation: ConversationID, since: Int, as reader: Identity) async throws {
        var catchUp = CatchUp(since: since)
        var frames: [LiveFrame] = []
        var page: ChangePage
        repeat {
            page = try await hub.store.changes(
                in: conversation,
                since: catchUp.revision,
                limit: Limits.pageSizes.upperBound,
                as: reader
            )
            frames += catchUp.frames(of: page)
        } while page.hasMore && frames.count < Limits.socketCatchUp
        guard !page.hasMore else { throw ParleyError(.resync, "There is too much to fill in.") }
        hub.metrics.filled()
        state.withLock { state in
            guard var order = state.orders.removeValue(forKey: conversation) else { return }
            // What came by itself meanwhile has been told.
            for frame in frames where (frame.about.revision ?? 0) > order.last ?? 0 { state.audience.deliver(frame) }
            for frame in order.filled(to: catchUp.revision).passed { state.audience.deliver(frame) }
            state.keep(order, of: conversation)
        }
        // There may be more missing than the store had then.
        if missing(in: conversation) != nil { hub.spawn(.fill(self, conversation, isUrgent: false)) }
    }

    private func missing(in conversation: ConversationID) -> Int? {
        state.withLock { state in
            guard let order = state.orders[conversation], order.isMissing else { return nil }
            return order.last
        }
    }

    /// Some who listen, to read with their eyes.
    private var readers: [Identity] {
        var people: Set<EmailAddress> = []
        return sessions.lazy.map(\.identity).filter { people.insert($0.email).inserted }.prefix(3).map { $0 }
    }
}

extension Event {
    /// Whether nothing of the conversation follows in this project.
    fileprivate var endsOrder: Bool {
        switch kind {
        case .change(.conversationDeleted), .movedAway: true
        case .change, .delta, .typing: false
        }
    }
}
