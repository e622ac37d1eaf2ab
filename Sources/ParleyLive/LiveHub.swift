public import Logging
public import ParleyCore
public import ParleyMetrics
public import ServiceLifecycle
import Synchronization

/// Keeps every connected tab in step: tells each what happens in the projects of its person, once it is committed, and
/// nothing else to anybody.
///
/// For each person and each project with connections here there is one subscription to the bus; an event is encoded once
/// for all. Whoever loses a project, signs out, or whose credential ends is shut out at once.
public final class LiveHub: Service {
    /// Work that outlasts the call that causes it.
    enum Job: Sendable {
        case person(Person)
        case feed(ProjectFeed)
        case session(LiveSession)
        case fill(ProjectFeed, ConversationID, isUrgent: Bool)
    }

    /// Who keeps an eye on a conversation.
    private struct Watch {
        let project: ProjectID
        var sessions: [ConnectionID: LiveSession] = [:]
    }

    private struct Feed {
        let feed: ProjectFeed
        var people = 0
    }

    private struct State {
        var people: [EmailAddress: Person] = [:]
        var feeds: [ProjectID: Feed] = [:]
        var sessions: [ConnectionID: LiveSession] = [:]
        var watches: [ConversationID: Watch] = [:]
        var isShutDown = false

        mutating func unwatch(_ conversation: ConversationID, by session: LiveSession) {
            watches[conversation]?.sessions[session.id] = nil
            if watches[conversation]?.sessions.isEmpty == true { watches[conversation] = nil }
        }
    }

    let store: any ConversationStore
    let bus: any EventBus
    let clock: any WallClock
    let keepsRates: Bool
    let metrics: LiveMetrics
    /// The time since some fixed start.
    let elapsed: @Sendable () -> Duration
    private let versions: (any VersionedStore)?
    private let stopwatch: any Clock<Duration>
    private let ids: any IDMaker
    private let logger: Logger
    private let state = Mutex(State())
    // Unbounded, and still bounded: a session, a person and a project is at most once in it, a conversation's filling at
    // most twice.
    private let jobs: AsyncStream<Job>
    private let jobsEnd: AsyncStream<Job>.Continuation

    /// Makes a hub; nothing is told before ``run()``.
    ///
    /// - Parameters:
    ///   - store: Where what was missed is read, and what somebody may see.
    ///   - bus: What tells of changes.
    ///   - versions: Says cheaply how far conversations are: for looking whether an instance died between a commit and its
    ///     event. Not needed where this process is the only one.
    ///   - ids: Makes the ids of connections.
    ///   - clock: The time of day, by which credentials run out.
    ///   - stopwatch: What pauses are measured by.
    ///   - keepsRates: Whether a client that sends too much is told to wait.
    ///   - metrics: Counts connections, and what they are told.
    ///   - logger: Where refused commands are noted, at debug level.
    public init(
        store: any ConversationStore,
        bus: any EventBus,
        versions: (any VersionedStore)? = nil,
        ids: any IDMaker,
        clock: any WallClock = SystemClock(),
        stopwatch: any Clock<Duration> = ContinuousClock(),
        keepsRates: Bool = true,
        metrics: LiveMetrics = LiveMetrics(),
        logger: Logger
    ) {
        self.store = store
        self.bus = bus
        self.versions = versions
        self.ids = ids
        self.clock = clock
        self.stopwatch = stopwatch
        self.keepsRates = keepsRates
        self.metrics = metrics
        self.logger = logger
        elapsed = Self.timer(stopwatch)
        (jobs, jobsEnd) = AsyncStream.makeStream(of: Job.self)
    }

    // MARK: For connections

    /// Gives a connection that is about to be made its place.
    ///
    /// Whoever is admitted is to call ``LiveSession/begin(_:since:)`` once the connection stands, and
    /// ``LiveSession/ended()`` in any case.
    ///
    /// - Parameters:
    ///   - identity: Whose it is.
    ///   - credential: What lets them stay.
    ///   - only: The one conversation that is to be told of; `nil` for all.
    ///   - greets: Whether `ready` is told first, as to a socket.
    /// - Throws: ``ParleyError/Code/rateLimited`` where the person has ``Limits/socketsPerPerson`` already;
    ///   ``ParleyError/Code/unavailable`` where this instance has ``Limits/sockets``, or is shutting down.
    public func admit(
        _ identity: Identity,
        by credential: LiveCredential,
        only: ConversationID? = nil,
        greets: Bool
    ) throws(ParleyError) -> LiveSession {
        let session = LiveSession(
            id: ids.make(),
            identity: identity,
            credential: credential,
            only: only,
            greets: greets,
            hub: self
        )
        let (error, newcomer) = state.withLock { state -> (ParleyError?, Person?) in
            guard !state.isShutDown else { return (.unavailable("The server is shutting down."), nil) }
            guard state.sessions.count < Limits.sockets else {
                return (.unavailable("This server has all the connections it can keep."), nil)
            }
            let known = state.people[identity.email]
            let person = known ?? Person(identity, hub: self)
            guard person.add(session) else {
                return (
                    ParleyError(
                        .rateLimited,
                        "You have \(Limits.socketsPerPerson) connections open already; close one first.",
                        retryAfter: .seconds(5)
                    ), nil
                )
            }
            state.people[identity.email] = person
            state.sessions[session.id] = session
            return (nil, known == nil ? person : nil)
        }
        if let error { throw error }
        if let newcomer { spawn(.person(newcomer)) }
        metrics.connections(sessionCount)
        return session
    }

    /// How many connections there are.
    public var sessionCount: Int { state.withLock(\.sessions.count) }

    // MARK: For sessions

    func spawn(_ job: Job) {
        jobsEnd.yield(job)
    }

    /// Finds out what a session may be told, and begins to tell it.
    func enter(_ session: LiveSession) async throws {
        guard let person = state.withLock({ $0.people[session.identity.email] }) else { return }
        await person.settled.wait()
        do {
            try person.open(session)
        } catch {
            logger.warning(
                "It could not be found out what a connection may be told",
                metadata: ["error": "\(error.code)"]
            )
            session.close(error.code == .unavailable && isShutDown ? .shutdown : .failure)
            return
        }
        await session.open()
    }

    func remove(_ session: LiveSession) {
        let person = state.withLock { state -> Person? in
            guard state.sessions.removeValue(forKey: session.id) != nil else { return nil }
            for (conversation, watch) in state.watches where watch.sessions[session.id] != nil {
                state.unwatch(conversation, by: session)
            }
            return state.people[session.identity.email]
        }
        metrics.connections(sessionCount)
        guard let person, person.remove(session) else { return }
        let isGone = state.withLock { state in
            // Another may have come meanwhile.
            guard state.people[person.email] === person, person.sessionCount == 0 else { return false }
            state.people[person.email] = nil
            return true
        }
        if isGone { person.leave() }
    }

    /// Looks now and then whether a conversation has changed without this session's having been told.
    func watch(_ conversation: ConversationID, in project: ProjectID, at revision: Int, by session: LiveSession) {
        guard versions != nil else { return }
        let feed = state.withLock { state -> ProjectFeed? in
            guard state.sessions[session.id] != nil else { return nil }
            if state.watches[conversation]?.project != project { state.watches[conversation] = nil }
            state.watches[conversation, default: Watch(project: project)].sessions[session.id] = session
            return state.feeds[project]?.feed
        }
        feed?.learn(revision, of: conversation)
    }

    func unwatch(_ conversation: ConversationID, by session: LiveSession) {
        state.withLock { $0.unwatch(conversation, by: session) }
    }

    func log(_ error: ParleyError, of session: LiveSession) {
        logger.debug(
            "A command was refused",
            metadata: [
                "connection_id": "\(session.id)",
                "code": "\(error.code)",
                "cause": "\(error.cause.map { String(describing: $0) } ?? "none")",
            ]
        )
    }

    // MARK: For people

    /// A project's feed, which is listened to from now on.
    func take(_ project: ProjectID) -> ProjectFeed {
        let (feed, isNew) = state.withLock { state in
            let isNew = state.feeds[project] == nil
            let feed = state.feeds[project]?.feed ?? ProjectFeed(of: project, hub: self)
            state.feeds[project, default: Feed(feed: feed)].people += 1
            return (feed, isNew)
        }
        if isNew { spawn(.feed(feed)) }
        return feed
    }

    /// Gives a feed back; when nobody has it, it ends.
    func release(_ feed: ProjectFeed) {
        let isLast = state.withLock { state in
            guard state.feeds[feed.project]?.feed === feed else { return false }
            state.feeds[feed.project]?.people -= 1
            guard state.feeds[feed.project]?.people == 0 else { return false }
            state.feeds[feed.project] = nil
            return true
        }
        if isLast { feed.leave() }
    }

    // MARK: The service

    private var isShutDown: Bool { state.withLock(\.isShutDown) }

    /// Serves connections until the task is cancelled or a graceful shutdown begins; then all are closed.
    public func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in await watchTime() }
                group.addTask { [self] in await sweep() }
                for await job in jobs {
                    group.addTask { [self] in await perform(job) }
                }
                shutDown()
                group.cancelAll()
            }
        } onGracefulShutdown: { [self] in
            shutDown()
            jobsEnd.finish()
        }
    }

    private func shutDown() {
        let (sessions, people) = state.withLock { state in
            state.isShutDown = true
            return (Array(state.sessions.values), Array(state.people.values))
        }
        for session in sessions { session.close(.shutdown) }
        for person in people { person.settled.open() }
    }

    private func perform(_ job: Job) async {
        switch job {
        case .person(let person): await person.run()
        case .feed(let feed): await feed.run()
        case .session(let session): await session.work()
        case .fill(let feed, let conversation, let isUrgent):
            if !isUrgent { try? await stopwatch.sleep(for: Limits.eventPatience) }
            await feed.fill(conversation)
        }
    }

    /// Ends what has run out.
    private func watchTime() async {
        while (try? await stopwatch.sleep(for: .seconds(1))) != nil {
            let now = clock.now()
            for session in state.withLock({ Array($0.sessions.values) }) { session.revalidate(at: now) }
        }
    }

    /// Looks whether conversations that somebody keeps an eye on have changed without an event: its instance may have
    /// died between the two. While nothing is heard of the others, what people may see is looked at, too.
    private func sweep() async {
        guard let versions else { return }
        while (try? await stopwatch.sleep(for: Limits.subscriptionSweep)) != nil {
            let watches = state.withLock { state in
                state.watches.compactMap { conversation, watch in
                    watch.sessions.values.first.map { (conversation, watch.project, $0) }
                }
            }
            for start in stride(from: 0, to: watches.count, by: Limits.subscriptionSweepBatch) {
                let batch = watches[start..<min(watches.count, start + Limits.subscriptionSweepBatch)]
                let questions = batch.map { LogQuestion(conversationID: $0.0, reader: $0.2.identity.email) }
                guard let answers = try? await versions.logVersions(questions) else { break }
                for ((conversation, project, session), version) in zip(batch, answers) {
                    guard let version else {
                        await lose(conversation, session)
                        continue
                    }
                    state.withLock { $0.feeds[project]?.feed }?.learn(version.revision, of: conversation)
                }
            }
            guard !bus.hearsOthers else { continue }
            for person in state.withLock({ Array($0.people.values) }) { await person.recheck() }
        }
    }

    /// A session can't see a conversation any more, and may not have been told.
    private func lose(_ conversation: ConversationID, _ session: LiveSession) async {
        unwatch(conversation, by: session)
        await session.tell([.resync(conversation, .lagged)])
        await state.withLock { $0.people[session.identity.email] }?.recheck()
    }

    private static func timer<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
