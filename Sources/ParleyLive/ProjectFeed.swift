import ParleyCore
import ParleyMetrics
import Synchronization

/// One project's events, for all sessions here that may see them: one subscription, each event encoded once.
///
/// Each conversation's changes go out in the order of their revisions, each once. What is missing is filled in from the
/// store; what can't be known is told as `resync`.
final class ProjectFeed: Sendable {
    private struct State {
        /// Whose sessions may be told, and how often that was asked for: once as a rule, twice while one takes turns.
        var people: [ObjectIdentifier: (person: Person, count: Int)] = [:]
        var audience = Audience()
        var orders: [ConversationID: ConversationOrder<LiveFrame>] = [:]
        /// How many orders there may be before those that rest are forgotten.
        var room = Limits.orderedConversations
        /// The sessions that are subscribed to each conversation.
        var watches: [ConversationID: [ConnectionID: LiveSession]] = [:]
        /// Conversations that are about to be filled in.
        var fillings: Set<ConversationID> = []
        var subscription: EventSubscription?
        var isLeft = false
        var isChecking = false

        mutating func order(of conversation: ConversationID) -> ConversationOrder<LiveFrame> {
            // Out of the dictionary: else what it holds would be copied when it changes.
            orders.removeValue(forKey: conversation) ?? ConversationOrder()
        }

        mutating func keep(_ order: ConversationOrder<LiveFrame>, of conversation: ConversationID) {
            if orders.count >= room {
                // Those that rest, and that nobody is subscribed to, begin anew with their next event.
                orders = orders.filter { $0.value.missing != nil || watches[$0.key] != nil }
                room = max(Limits.orderedConversations, 2 * orders.count)
            }
            orders[conversation] = order
        }

        /// Takes note of a revision; also returns whether everything behind it is told in order, and once.
        mutating func learn(
            _ revision: Int,
            of conversation: ConversationID
        ) -> (step: ConversationOrder<LiveFrame>.Step, isInOrder: Bool) {
            var order = order(of: conversation)
            let step = order.learn(revision)
            keep(order, of: conversation)
            return (step, order.isInOrder(behind: revision))
        }

        /// Tells what waits, whatever is missing before it, and forgets the order.
        mutating func giveUp(_ conversation: ConversationID) {
            var order = orders.removeValue(forKey: conversation)
            for frame in order?.giveUp() ?? [] { audience.deliver(frame) }
        }

        /// The same, and says so.
        mutating func lose(_ conversation: ConversationID, _ reason: ResyncReason) {
            giveUp(conversation)
            audience.deliver(.resync(conversation, reason))
        }
    }

    /// The project.
    let project: ProjectID
    /// Opens when the bus listens, or the feed has ended.
    let listening = Gate()
    private unowned let hub: LiveHub
    // While it is held, frames are handed to groups, which may take their own locks; a person's lock is taken before it.
    private let state = Mutex(State())

    init(of project: ProjectID, hub: LiveHub) {
        self.project = project
        self.hub = hub
    }

    // MARK: People

    /// Takes note of somebody whose sessions may be told.
    func enlist(_ person: Person) {
        state.withLock { $0.people[ObjectIdentifier(person), default: (person, 0)].count += 1 }
    }

    /// Forgets somebody; returns whether nobody is left.
    func dismiss(_ person: Person) -> Bool {
        state.withLock { state in
            let key = ObjectIdentifier(person)
            state.people[key]?.count -= 1
            if state.people[key]?.count == 0 { state.people[key] = nil }
            return state.people.isEmpty
        }
    }

    private var people: [Person] { state.withLock { $0.people.values.map(\.person) } }

    /// Looks whether all who are told still may be, after a notice may have been missed.
    func check() async {
        let isKnown = await hub.insist { try await self.checkMembers() }
        guard isKnown else { return end() }
    }

    private func checkMembers() async throws {
        state.withLock { $0.isChecking = false }
        for reader in people {
            do {
                let members = Set(try await hub.store.project(project, as: reader.identity).members.map(\.email))
                for person in people where !members.contains(person.email) { person.lose(self) }
                return
            } catch let error as ParleyError where error.code == .notFound {
                reader.lose(self)
            }
        }
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

    private var sessions: [LiveSession] { state.withLock { $0.audience.sessions } }

    // MARK: Subscriptions

    /// Takes note that a session is subscribed to a conversation, and of the store's present revision of that.
    ///
    /// - Returns: Whether everything behind the revision is told in order, and once.
    func watch(_ conversation: ConversationID, at revision: Int, by session: LiveSession) -> Bool {
        let (step, isInOrder) = state.withLock { state in
            state.watches[conversation, default: [:]][session.id] = session
            return state.learn(revision, of: conversation)
        }
        fill(conversation, after: step)
        return isInOrder
    }

    /// Forgets that a session is subscribed to a conversation.
    func unwatch(_ conversation: ConversationID, by session: LiveSession) {
        state.withLock { state in
            state.watches[conversation]?[session.id] = nil
            if state.watches[conversation]?.isEmpty == true { state.watches[conversation] = nil }
        }
    }

    /// The conversations that somebody is subscribed to, with one of those, and the last revision that was told.
    var watched: [(conversation: ConversationID, session: LiveSession, last: Int?)] {
        state.withLock { state in
            state.watches.compactMap { conversation, sessions in
                sessions.values.first.map { (conversation, $0, state.orders[conversation]?.last) }
            }
        }
    }

    /// Takes note of the store's present revision of a conversation; an event that should have come and doesn't is filled
    /// in.
    ///
    /// `last` is the last revision that was told before the store was asked: a store that is behind it was restored.
    func learn(_ revision: Int, of conversation: ConversationID, after last: Int?) {
        if let last, revision < last {
            state.withLock { $0.lose(conversation, .ahead) }
            return hub.metrics.resynced(.ahead)
        }
        let (step, _) = state.withLock { $0.learn(revision, of: conversation) }
        fill(conversation, after: step)
    }

    // MARK: Events

    /// Listens until nobody is interested any more, or the bus ends.
    func run() async {
        // It throws what its body does: nothing. Where it could not begin, all it was for is ended below.
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
        if !state.withLock(\.isLeft) {
            hub.forget(self)
            end()
        }
        listening.open()
    }

    /// Ends the listening.
    func leave() {
        let subscription = state.withLock { state in
            state.isLeft = true
            return state.subscription.take()
        }
        subscription?.end()
    }

    /// Ends everybody's connections: nothing would be told any more, or it isn't known to whom.
    private func end() {
        for person in people { person.end(.unavailable("A project can't be listened to.")) }
    }

    private func take(_ signal: Signal) {
        switch signal {
        case .event(let event): take(LiveFrame(event), isLast: event.isLastInProject)
        case .access(.memberLeft(let email, _)):
            for person in people where person.email == email { person.lose(self) }
        case .access(.projectDeleted):
            for person in people { person.lose(self) }
        case .access(.memberJoined), .access(.signedOut), .access(.read): break
        case .lagged:
            let checks = state.withLock { state in
                for conversation in Array(state.orders.keys) { state.giveUp(conversation) }
                state.audience.deliver(.resync(nil, .lagged))
                defer { state.isChecking = true }
                return !state.isChecking
            }
            hub.metrics.resynced(.lagged)
            // Who left the project may have been told of meanwhile.
            if checks { hub.spawn(.check(self)) }
        }
    }

    private func take(_ frame: LiveFrame, isLast: Bool) {
        guard let conversation = frame.about.conversationID else { return }
        let step = state.withLock { state -> ConversationOrder<LiveFrame>.Step in
            guard !state.audience.isEmpty else {
                // What is not looked at would be missing for those who come later.
                state.orders[conversation] = nil
                return ConversationOrder.Step()
            }
            if isLast {
                state.giveUp(conversation)
                state.watches[conversation] = nil
                state.audience.deliver(frame)
                return ConversationOrder.Step()
            }
            // Somebody's typing waits for nothing.
            guard frame.about.revision != nil || frame.about.index != nil else {
                state.audience.deliver(frame)
                return ConversationOrder.Step()
            }
            var order = state.order(of: conversation)
            let step = order.take(frame, revision: frame.about.revision)
            for frame in step.passed { state.audience.deliver(frame) }
            if step.gaveUp { state.audience.deliver(.resync(conversation, .lagged)) }
            state.keep(order, of: conversation)
            return step
        }
        if step.gaveUp { hub.metrics.resynced(.lagged) }
        fill(conversation, after: step)
    }

    // MARK: What is missing

    private func fill(_ conversation: ConversationID, after step: ConversationOrder<LiveFrame>.Step) {
        guard step.beginsToMiss, state.withLock({ $0.fillings.insert(conversation).inserted }) else { return }
        hub.spawn(.fill(self, conversation))
    }

    /// Reads from the store what is missing of a conversation, if it still is, and tells it in its place.
    func fill(_ conversation: ConversationID) async {
        state.withLock { _ = $0.fillings.remove(conversation) }
        guard let missing = missing(in: conversation) else { return }
        for reader in readers {
            do {
                let changes = try await changes(of: conversation, since: missing.since, as: reader)
                return tell(changes, of: conversation, missing: missing.until)
            } catch let error as ParleyError where error.code == .notFound {
                // This one may not see it any more; or nobody does, for it is gone.
                continue
            } catch {
                break
            }
        }
        // That it is gone has been told, or will be. If it is not, whoever has it open looks for themselves.
        state.withLock { $0.lose(conversation, .lagged) }
        hub.metrics.resynced(.lagged)
    }

    /// What has changed of a conversation; `nil` where it is in another project.
    private func changes(
        of conversation: ConversationID,
        since revision: Int,
        as reader: Identity
    ) async throws -> (frames: [LiveFrame], revision: Int)? {
        var catchUp = CatchUp(since: revision)
        var frames: [LiveFrame] = []
        var page: ChangePage
        repeat {
            page = try await hub.store.changes(
                in: conversation,
                since: catchUp.revision,
                limit: Limits.pageSizes.upperBound,
                as: reader
            )
            // The reader may see that one as well; others who are told here may not.
            guard page.conversation.projectID == project else { return nil }
            frames += catchUp.frames(of: page)
        } while page.hasMore && frames.count < Limits.socketCatchUp
        guard !page.hasMore else { throw ParleyError(.resync, "There is too much to fill in.") }
        return (frames, catchUp.revision)
    }

    private func tell(
        _ changes: (frames: [LiveFrame], revision: Int)?,
        of conversation: ConversationID,
        missing until: Int
    ) {
        guard let changes else {
            let event = Event(
                projectID: project,
                conversationID: conversation,
                kind: .movedAway(revision: until),
                timestamp: hub.clock.now()
            )
            return take(LiveFrame(event), isLast: true)
        }
        // What was there is not there any more: the store was restored.
        guard changes.revision >= until else {
            state.withLock { $0.lose(conversation, .ahead) }
            return hub.metrics.resynced(.ahead)
        }
        hub.metrics.filled()
        let isMissing = state.withLock { state in
            guard var order = state.orders.removeValue(forKey: conversation) else { return false }
            // What came by itself meanwhile has been told.
            let last = order.last ?? changes.revision
            for frame in changes.frames where (frame.about.revision ?? 0) > last { state.audience.deliver(frame) }
            for frame in order.filled(to: changes.revision).passed { state.audience.deliver(frame) }
            state.keep(order, of: conversation)
            return order.missing != nil && state.fillings.insert(conversation).inserted
        }
        // More has come to be missing since.
        if isMissing { hub.spawn(.fill(self, conversation)) }
    }

    private func missing(in conversation: ConversationID) -> (since: Int, until: Int)? {
        state.withLock { $0.orders[conversation]?.missing }
    }

    /// Some who listen, to read with their eyes.
    private var readers: [Identity] {
        var readers: [Identity] = []
        for session in sessions where !readers.contains(where: { $0.email == session.identity.email }) {
            readers.append(session.identity)
            if readers.count == 3 { break }
        }
        return readers
    }
}

extension Event {
    /// Whether nothing of the conversation follows in this project.
    fileprivate var isLastInProject: Bool {
        switch kind {
        case .change(.conversationDeleted), .movedAway: true
        case .change, .delta, .typing: false
        }
    }
}
