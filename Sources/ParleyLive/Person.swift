import ParleyCore
import ParleyMetrics
import Synchronization

/// A person with connections here: what they may see, kept up to date for all of their sessions together.
final class Person: Sendable {
    private struct State {
        var sessions: [ConnectionID: LiveSession] = [:]
        var feeds: [ProjectID: ProjectFeed] = [:]
        var outcome: Result<Void, ParleyError>?
        var subscription: EventSubscription?
        var isLeft = false
    }

    let email: EmailAddress
    /// Opens when it is known what the person may see, or that it can't be found out.
    let settled = Gate()
    private let identity: Identity
    private unowned let hub: LiveHub
    private let state = Mutex(State())

    /// Makes a person for a first session.
    init(_ identity: Identity, hub: LiveHub) {
        email = identity.email
        self.identity = identity
        self.hub = hub
    }

    // MARK: Sessions

    /// How many sessions there are, those not yet open among them.
    var sessionCount: Int { state.withLock(\.sessions.count) }

    private var sessions: [LiveSession] { state.withLock { Array($0.sessions.values) } }

    /// Adds a session, unless there are too many.
    func add(_ session: LiveSession) -> Bool {
        state.withLock { state in
            guard !state.isLeft, state.sessions.count < Limits.socketsPerPerson else { return false }
            state.sessions[session.id] = session
            return true
        }
    }

    /// Lets a session hear of all projects that the person is in.
    func open(_ session: LiveSession) throws(ParleyError) {
        let (outcome, feeds) = state.withLock { ($0.outcome, Array($0.feeds.values)) }
        try outcome?.get()
        for feed in feeds { feed.add(session) }
        // A project that was joined or lost meanwhile.
        let present = Set(state.withLock { $0.feeds.keys })
        for feed in feeds where !present.contains(feed.project) { feed.remove(session) }
        for feed in state.withLock({ Array($0.feeds.values) }) { feed.add(session) }
    }

    /// Removes a session; returns whether it was the last.
    func remove(_ session: LiveSession) -> Bool {
        let (feeds, isLast) = state.withLock { state in
            state.sessions[session.id] = nil
            return (Array(state.feeds.values), state.sessions.isEmpty)
        }
        for feed in feeds { feed.remove(session) }
        return isLast
    }

    // MARK: Projects

    /// Keeps up to date what the person may see, until they have left or the bus shuts down.
    func run() async {
        defer {
            settle(.failure(.unavailable("The server is shutting down.")))
            leaveProjects()
        }
        try? await hub.bus.withSubscription(to: .person(email)) { subscription in
            let isLeft = state.withLock { state in
                state.subscription = subscription
                return state.isLeft
            }
            guard !isLeft else { return }
            do {
                _ = try await look()
                settle(.success(()))
            } catch {
                settle(.failure(ParleyError(wrapping: error)))
                return
            }
            for await signal in subscription { await take(signal) }
        }
    }

    /// Ends the keeping up.
    func leave() {
        let subscription = state.withLock { state in
            state.isLeft = true
            return state.subscription.take()
        }
        subscription?.end()
    }

    private func settle(_ outcome: Result<Void, ParleyError>) {
        state.withLock { state in
            if state.outcome == nil { state.outcome = outcome }
        }
        settled.open()
    }

    private func leaveProjects() {
        let (feeds, sessions) = state.withLock { state in
            defer { state.feeds = [:] }
            return (Array(state.feeds.values), Array(state.sessions.values))
        }
        for feed in feeds {
            for session in sessions { feed.remove(session) }
            hub.release(feed)
        }
    }

    private func take(_ signal: Signal) async {
        switch signal {
        case .access(.memberJoined(_, let project)):
            guard await join(project) else { return }
            for session in sessions { await session.tell([.resync(nil, .joined)]) }
            hub.metrics.resynced(.joined)
            // The notice may be older than another that took it back.
            do { _ = try await hub.store.project(project, as: identity) } catch let error as ParleyError
                where error.code == .notFound
            {
                shut()
            } catch {}
        case .access(.signedOut(_, let key)):
            for session in sessions {
                guard let login = session.credential.login, key == nil || key == login else { continue }
                session.close(.signedOut)
            }
        case .lagged: await recheck()
        case .access(.memberLeft), .access(.projectDeleted), .event: break
        }
    }

    /// Looks again what the person may see, and whether they may stay.
    func recheck() async {
        guard state.withLock({ $0.outcome != nil && !$0.isLeft }) else { return }
        do {
            let isMore = try await look()
            for session in sessions {
                if isMore { await session.tell([.resync(nil, .joined)]) }
                session.demandRevalidation()
            }
        } catch {
            // It is looked at again when there is cause to; what is known holds until then.
        }
    }

    /// Finds out which projects the person is in, listens to new ones, and shuts the door where one was lost.
    ///
    /// - Returns: Whether there are new ones.
    private func look() async throws -> Bool {
        var isMore = false
        // Once more when something was joined: before it was listened to, it may have been lost again.
        while true {
            let projects = try await listed()
            let lost = state.withLock { Set($0.feeds.keys).subtracting(projects) }
            if !lost.isEmpty {
                shut()
                return false
            }
            let added = state.withLock { projects.subtracting($0.feeds.keys) }
            if added.isEmpty { return isMore }
            for project in added where await join(project) { isMore = true }
        }
    }

    private func listed() async throws -> Set<ProjectID> {
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

    /// Listens to a project; returns whether that is new.
    private func join(_ project: ProjectID) async -> Bool {
        guard state.withLock({ $0.feeds[project] == nil && !$0.isLeft }) else { return false }
        let feed = hub.take(project)
        await feed.listening.wait()
        let sessions = state.withLock { state in
            state.feeds[project] = feed
            return Array(state.sessions.values)
        }
        for session in sessions { feed.add(session) }
        return true
    }

    private func shut() {
        for session in sessions { session.close(.accessLost) }
    }
}
