import ParleyCore
import ParleyMetrics
import Synchronization

/// A person with connections here: what they may see, kept up to date for all of their sessions together.
///
/// A project is listened to before it is looked whether the person is in it, and told of only then: so whoever loses it
/// meanwhile is heard of.
final class Person: Sendable {
    private enum Phase {
        /// It is being found out what the person may see.
        case finding
        /// It is known.
        case known
        /// Nobody is told anything any more; whoever comes later begins anew.
        case over(ParleyError)
    }

    private enum Look {
        case idle
        case running
        /// There was cause to look once more while it was looked.
        case wantedAgain
    }

    private struct State {
        var phase = Phase.finding
        var look = Look.idle
        var sessions: [ConnectionID: LiveSession] = [:]
        /// The projects that the sessions are told of.
        var feeds: [ProjectID: ProjectFeed] = [:]
        /// Projects that are listened to, and not told of yet.
        var unconfirmed: [ProjectID: ProjectFeed] = [:]
        var subscription: EventSubscription?
        /// Of those who wait until a look is over.
        var waiting: [Gate] = []

        var isOver: Bool {
            if case .over = phase { true } else { false }
        }
    }

    /// Whose sessions these are.
    let identity: Identity
    /// Opens when it is known what the person may see, or that it can't be found out.
    let settled = Gate()
    private unowned let hub: LiveHub
    // The hub's lock may be held while this is taken, and this while a feed's is; never the other way round.
    private let state = Mutex(State())

    /// Makes a person for a first session.
    init(_ identity: Identity, hub: LiveHub) {
        self.identity = identity
        self.hub = hub
    }

    /// Who it is.
    var email: EmailAddress { identity.email }

    // MARK: Sessions

    /// How many sessions there are, those not yet open among them.
    var sessionCount: Int { state.withLock(\.sessions.count) }

    private var sessions: [LiveSession] { state.withLock { Array($0.sessions.values) } }

    /// Adds a session, unless there are too many.
    func add(_ session: LiveSession) -> Bool {
        state.withLock { state in
            guard state.sessions.count < Limits.socketsPerPerson else { return false }
            state.sessions[session.id] = session
            return true
        }
    }

    /// Lets a session hear of all projects that the person is in.
    func open(_ session: LiveSession) throws(ParleyError) {
        let error = state.withLock { state -> ParleyError? in
            switch state.phase {
            case .finding: return .unavailable("The server is shutting down.")
            case .over(let error): return error
            case .known:
                // One that has ended meanwhile would stay for ever.
                guard state.sessions[session.id] != nil else { return nil }
                for feed in state.feeds.values { feed.add(session) }
                return nil
            }
        }
        if let error { throw error }
    }

    /// Removes a session; returns whether it was the last.
    func remove(_ session: LiveSession) -> Bool {
        state.withLock { state in
            state.sessions[session.id] = nil
            for feed in state.feeds.values { feed.remove(session) }
            return state.sessions.isEmpty
        }
    }

    // MARK: What happens to the person

    /// Keeps up to date what the person may see, until the last session is gone, it can't be found out, or the bus ends.
    func run() async {
        var error = ParleyError.unavailable("The server is shutting down.")
        do {
            try await hub.bus.withSubscription(to: .person(email)) { subscription in
                let isOver = state.withLock { state in
                    state.subscription = subscription
                    return state.isOver
                }
                guard !isOver else { return }
                try await update()
                state.withLock { if !$0.isOver { $0.phase = .known } }
                settled.open()
                for await signal in subscription { await take(signal) }
            }
        } catch let failure {
            error = ParleyError(wrapping: failure)
            hub.log(error, of: self)
        }
        end(error)
    }

    private func take(_ signal: Signal) async {
        switch signal {
        case .access(.memberJoined): demandLook()
        case .access(.signedOut(_, let key)):
            for session in sessions {
                guard let login = session.credential.login, key == nil || key == login else { continue }
                session.close(.signedOut)
            }
        case .access(.read(_, let mark)): await tell(.read(mark))
        case .lagged: recheck()
        case .access(.memberLeft), .access(.projectDeleted), .event: break
        }
    }

    /// Tells all of the person's connections something that is nobody else's business.
    private func tell(_ frame: LiveFrame) async {
        var audience = Audience()
        for session in sessions {
            guard let group = session.state.withLock({ $0.outlet?.group }) else { continue }
            audience.add(session, of: group)
        }
        audience.deliver(frame)
        for group in audience.groups { await group.ready() }
    }

    /// Shuts the door: the person is not in a project any more.
    func lose(_ feed: ProjectFeed) {
        let (isTold, isHeld, sessions) = state.withLock { state in
            let isTold = state.feeds[feed.project] === feed
            let isUnconfirmed = state.unconfirmed[feed.project] === feed
            if isTold { state.feeds[feed.project] = nil }
            if isUnconfirmed { state.unconfirmed[feed.project] = nil }
            for session in state.sessions.values { feed.remove(session) }
            return (isTold, isTold || isUnconfirmed, Array(state.sessions.values))
        }
        if isHeld { hub.release(feed, by: self) }
        guard isTold else { return }
        for session in sessions { session.close(.accessLost) }
    }

    /// Lets go of everything, and closes what connections there are; whoever comes later begins anew.
    func end(_ error: ParleyError = .unavailable("The server is shutting down.")) {
        // First: so nobody is added any more.
        hub.forget(self)
        let (feeds, sessions, subscription) = state.withLock { state in
            if !state.isOver { state.phase = .over(error) }
            let feeds = Array(state.feeds.values) + state.unconfirmed.values
            let sessions = Array(state.sessions.values)
            for feed in feeds {
                for session in sessions { feed.remove(session) }
            }
            state.feeds = [:]
            state.unconfirmed = [:]
            for gate in state.waiting { gate.open() }
            state.waiting = []
            return (feeds, sessions, state.subscription.take())
        }
        subscription?.end()
        settled.open()
        for feed in feeds { hub.release(feed, by: self) }
        for session in sessions { session.close(hub.isShutDown || Task.isCancelled ? .shutdown : .failure) }
    }

    // MARK: Projects

    /// Has it looked at again what the person may see, and whether they may stay.
    func recheck() {
        for session in sessions { session.demandRevalidation() }
        demandLook()
    }

    private func demandLook() {
        if beginsLook() { hub.spawn(.look(self)) }
    }

    /// Looks until it is known what the person may see; when that can't be found out, nobody is told anything any more.
    func look() async {
        repeat {
            guard await hub.insist({ try await self.update() }) else {
                return end(.unavailable("It could not be found out what may be seen."))
            }
        } while endsLook() == false
    }

    /// Looks once, unless that is being done; when it can't be found out, what is known holds.
    func lookOnce() async {
        for session in sessions { session.demandRevalidation() }
        guard beginsLook() else { return }
        // Whoever calls this does so again.
        try? await update()
        if !endsLook() { hub.spawn(.look(self)) }
    }

    /// Sees to it that the sessions are told of projects that the person is in by now, and returns then.
    func settleProjects() async {
        let gate = Gate()
        let (begins, waits) = state.withLock { state -> (Bool, Bool) in
            guard case .known = state.phase else { return (false, false) }
            guard case .idle = state.look else {
                state.look = .wantedAgain
                state.waiting.append(gate)
                return (false, true)
            }
            state.look = .running
            return (true, false)
        }
        if waits { return await gate.wait() }
        guard begins else { return }
        // What can't be found out now is found out by the notice that is on its way.
        try? await update()
        if !endsLook() { hub.spawn(.look(self)) }
    }

    private func beginsLook() -> Bool {
        state.withLock { state in
            guard case .known = state.phase else { return false }
            switch state.look {
            case .idle:
                state.look = .running
                return true
            case .running, .wantedAgain:
                state.look = .wantedAgain
                return false
            }
        }
    }

    private func endsLook() -> Bool {
        let (isEnd, waiting) = state.withLock { state -> (Bool, [Gate]) in
            guard state.look == .wantedAgain, !state.isOver else {
                state.look = .idle
                defer { state.waiting = [] }
                return (true, state.waiting)
            }
            state.look = .running
            return (false, [])
        }
        for gate in waiting { gate.open() }
        return isEnd
    }

    /// Finds out which projects the person is in, tells of new ones, and shuts the door where one was lost.
    private func update() async throws {
        defer { giveBackUnconfirmed() }
        var listed = try await projects()
        for feed in state.withLock({ Array($0.feeds.values) }) where !listed.contains(feed.project) {
            // One that changed while the list was read from page to page may be missing in it.
            if try await !mayRead(feed.project) { lose(feed) }
        }
        var isMore = false
        while case let added = listed.subtracting(state.withLock { $0.feeds.keys }), !added.isEmpty {
            let feeds = added.map { hub.take($0, for: self) }
            let isOver = state.withLock { state in
                for feed in feeds { state.unconfirmed[feed.project] = feed }
                return state.isOver
            }
            guard !isOver else { return }
            for feed in feeds { await feed.listening.wait() }
            try Task.checkCancellation()
            listed = try await projects()
            for feed in feeds {
                let isIn = listed.contains(feed.project)
                guard try await isIn ? true : mayRead(feed.project), confirm(feed) else { continue }
                isMore = true
            }
            giveBackUnconfirmed()
        }
        guard isMore, state.withLock({ if case .known = $0.phase { true } else { false } }) else { return }
        for session in sessions { await session.tell([.resync(nil, .joined)]) }
        hub.metrics.resynced(.joined)
    }

    /// Tells of a project from now on, unless it was lost meanwhile.
    private func confirm(_ feed: ProjectFeed) -> Bool {
        state.withLock { state in
            guard state.unconfirmed[feed.project] === feed else { return false }
            state.unconfirmed[feed.project] = nil
            state.feeds[feed.project] = feed
            for session in state.sessions.values { feed.add(session) }
            return true
        }
    }

    private func giveBackUnconfirmed() {
        let feeds = state.withLock { state in
            defer { state.unconfirmed = [:] }
            return Array(state.unconfirmed.values)
        }
        for feed in feeds { hub.release(feed, by: self) }
    }

    private func mayRead(_ project: ProjectID) async throws -> Bool {
        do {
            _ = try await hub.store.project(project, as: identity)
            return true
        } catch let error as ParleyError where error.code == .notFound {
            return false
        }
    }

    private func projects() async throws -> Set<ProjectID> {
        var projects: Set<ProjectID> = []
        var cursor: Cursor?
        repeat {
            let page = PageRequest(limit: Limits.pageSizes.upperBound, after: cursor)
            let found = try await hub.store.projects(page: page, as: identity)
            projects.formUnion(found.elements.map(\.id))
            cursor = found.next
        } while cursor != nil
        return projects
    }
}
