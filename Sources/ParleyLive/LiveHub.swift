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
        /// To keep up to date what a person may see.
        case person(Person)
        /// To look again what a person may see.
        case look(Person)
        /// To listen to a project.
        case feed(ProjectFeed)
        /// To look whether all who are told of a project may be.
        case check(ProjectFeed)
        /// To fill in what is missing of a conversation.
        case fill(ProjectFeed, ConversationID)
        /// To do what a client asks for.
        case session(LiveSession)
    }

    private struct Member {
        let session: LiveSession
        let person: Person
    }

    private struct State {
        var people: [EmailAddress: Person] = [:]
        var feeds: [ProjectID: ProjectFeed] = [:]
        var members: [ConnectionID: Member] = [:]
        var isShutDown = false
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
    private let typing = TypingLine()
    // Unbounded, and still bounded: each job is at most once in them. What lasts is apart from what is soon done: a task
    // group looks for one that has ended among all that it has, and there may be thousands that last.
    private let stays: (stream: AsyncStream<Job>, continuation: AsyncStream<Job>.Continuation)
    private let errands: (stream: AsyncStream<Job>, continuation: AsyncStream<Job>.Continuation)

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
        stays = AsyncStream.makeStream(of: Job.self)
        errands = AsyncStream.makeStream(of: Job.self)
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
    /// - Returns: The session of the connection.
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
            guard state.members.count < Limits.sockets else {
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
            state.members[session.id] = Member(session: session, person: person)
            metrics.connections(state.members.count)
            return (nil, known == nil ? person : nil)
        }
        if let error { throw error }
        if let newcomer { spawn(.person(newcomer)) }
        return session
    }

    /// Sees to it that a person's connections here are told of the projects that the person is in by now, and returns then.
    ///
    /// For whoever has just put somebody into a project: what happens there next is told without fail. Connections to other
    /// instances follow by the notice.
    public func settleProjects(of person: EmailAddress) async {
        await state.withLock { $0.people[person] }?.settleProjects()
    }

    /// Returns while connections are taken.
    ///
    /// - Throws: ``ParleyError/Code/unavailable`` once the hub is being shut down.
    public func check() throws(ParleyError) {
        guard !isShutDown else { throw .unavailable("The server is shutting down.") }
    }

    /// How many connections there are.
    public var sessionCount: Int { state.withLock(\.members.count) }

    /// How many connections there are, of which kind, and of how many people.
    public var census: LiveCensus {
        state.withLock { state in
            let sockets = state.members.values.count { $0.session.greets }
            return LiveCensus(
                sockets: sockets,
                streams: state.members.count - sockets,
                people: state.people.count
            )
        }
    }

    /// How many people have connections.
    var personCount: Int { state.withLock(\.people.count) }

    /// How many projects are listened to.
    var feedCount: Int { state.withLock(\.feeds.count) }

    // MARK: For sessions

    /// Has something done; nothing more once the hub is shut down.
    func spawn(_ job: Job) {
        switch job {
        case .person, .feed: stays.continuation.yield(job)
        case .look, .check, .session, .fill: errands.continuation.yield(job)
        }
    }

    /// Tells that the person of a session writes in a conversation of a project.
    func tellTyping(in conversation: ConversationID, of project: ProjectID, by session: LiveSession) {
        typing.put(
            Event(
                projectID: project,
                conversationID: conversation,
                kind: .typing(Typing(user: session.identity.email, connection: session.id)),
                timestamp: clock.now()
            )
        )
    }

    /// Finds out what a session may be told, and begins to tell it.
    func enter(_ session: LiveSession) async {
        guard let person = state.withLock({ $0.members[session.id]?.person }) else { return }
        await person.settled.wait()
        do {
            try person.open(session)
        } catch {
            return session.close(isShutDown || Task.isCancelled ? .shutdown : .failure)
        }
        // Between the look at the sign-in that let the client in and now, that may have ended; from now on it is heard of.
        if session.credential.login != nil {
            do {
                try await session.renewCredential()
            } catch {
                log(ParleyError(wrapping: error), of: session)
                return session.close(.failure)
            }
        }
        await session.open()
    }

    /// Takes note that a connection is gone.
    func remove(_ session: LiveSession) {
        let member = state.withLock { state in
            let member = state.members.removeValue(forKey: session.id)
            metrics.connections(state.members.count)
            return member
        }
        guard let person = member?.person, person.remove(session) else { return }
        let isGone = state.withLock { state in
            // Another may have come meanwhile.
            guard state.people[person.email] === person, person.sessionCount == 0 else { return false }
            state.people[person.email] = nil
            return true
        }
        if isGone { person.end() }
    }

    /// What tells of a project at present.
    func feed(of project: ProjectID) -> ProjectFeed? {
        state.withLock { $0.feeds[project] }
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

    // MARK: For people and projects

    /// Forgets a person: whoever comes later begins anew.
    func forget(_ person: Person) {
        state.withLock { state in
            if state.people[person.email] === person { state.people[person.email] = nil }
        }
    }

    /// A project's feed, which is listened to from now on.
    func take(_ project: ProjectID, for person: Person) -> ProjectFeed {
        let (feed, isNew) = state.withLock { state in
            let known = state.feeds[project]
            let feed = known ?? ProjectFeed(of: project, hub: self)
            feed.enlist(person)
            state.feeds[project] = feed
            return (feed, known == nil)
        }
        if isNew { spawn(.feed(feed)) }
        return feed
    }

    /// Gives a feed back; when nobody has it, it ends.
    func release(_ feed: ProjectFeed, by person: Person) {
        let isLast = state.withLock { state in
            guard feed.dismiss(person) else { return false }
            if state.feeds[feed.project] === feed { state.feeds[feed.project] = nil }
            return true
        }
        if isLast { feed.leave() }
    }

    /// Forgets a feed that has ended by itself: whoever needs one later gets another.
    func forget(_ feed: ProjectFeed) {
        state.withLock { state in
            if state.feeds[feed.project] === feed { state.feeds[feed.project] = nil }
        }
    }

    /// Does what must not be left undone again and again, as long as it may take to find out what somebody may see.
    ///
    /// - Returns: Whether it was done.
    func insist(_ body: () async throws -> Void) async -> Bool {
        let start = elapsed()
        while true {
            do {
                try await body()
                return true
            } catch {
                guard elapsed() - start < Limits.socketOpening, !Task.isCancelled else { return false }
                logger.debug("What may be seen could not be looked at", metadata: ["error": "\(error)"])
            }
            guard (try? await stopwatch.sleep(for: .seconds(1))) != nil else { return false }
        }
    }

    func log(_ error: ParleyError, of person: Person) {
        guard !isShutDown, !Task.isCancelled else { return }
        logger.warning(
            "It could not be found out what somebody may see",
            metadata: ["code": "\(error.code)", "cause": "\(error.cause.map { String(describing: $0) } ?? "none")"]
        )
    }

    // MARK: The service

    /// Whether connections are closed, and no new ones taken.
    var isShutDown: Bool { state.withLock(\.isShutDown) }

    /// Serves connections until the task is cancelled or a graceful shutdown begins; then all are closed.
    public func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in await watchTime() }
                group.addTask { [self] in await sweep() }
                group.addTask { [self] in await run(errands.stream) }
                group.addTask { [self] in await typing.run { await bus.publish($0) } }
                for await job in stays.stream {
                    group.addTask { [self] in await perform(job) }
                }
                shutDown()
                group.cancelAll()
            }
        } onGracefulShutdown: { [self] in
            shutDown()
        }
    }

    private func run(_ jobs: AsyncStream<Job>) async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask { [self] in await perform(job) }
            }
            group.cancelAll()
        }
    }

    private func shutDown() {
        let sessions = state.withLock { state in
            state.isShutDown = true
            return state.members.values.map(\.session)
        }
        stays.continuation.finish()
        errands.continuation.finish()
        for session in sessions { session.close(.shutdown) }
    }

    private func perform(_ job: Job) async {
        switch job {
        case .person(let person): await person.run()
        case .look(let person): await person.look()
        case .feed(let feed): await feed.run()
        case .check(let feed): await feed.check()
        case .fill(let feed, let conversation):
            guard (try? await stopwatch.sleep(for: Limits.eventPatience)) != nil else { return }
            await feed.fill(conversation)
        case .session(let session): await session.work()
        }
    }

    /// Ends what has run out.
    private func watchTime() async {
        while (try? await stopwatch.sleep(for: .seconds(1))) != nil {
            let now = clock.now()
            let elapsed = elapsed()
            for member in state.withLock({ Array($0.members.values) }) {
                member.session.watchTime(now: now, elapsed: elapsed)
            }
        }
    }

    /// Looks whether conversations that somebody is subscribed to have changed without an event: its instance may have
    /// died between the two.
    ///
    /// While nothing is heard of the others, what people may see is looked at, too.
    private func sweep() async {
        guard let versions else { return }
        while (try? await stopwatch.sleep(for: Limits.subscriptionSweep)) != nil {
            for feed in state.withLock({ Array($0.feeds.values) }) { await sweep(feed, versions) }
            guard !bus.hearsOthers else { continue }
            for person in state.withLock({ Array($0.people.values) }) { await person.lookOnce() }
        }
    }

    private func sweep(_ feed: ProjectFeed, _ versions: any VersionedStore) async {
        let watched = feed.watched
        for start in stride(from: 0, to: watched.count, by: Limits.subscriptionSweepBatch) {
            let batch = watched[start..<min(watched.count, start + Limits.subscriptionSweepBatch)]
            let questions = batch.map {
                LogQuestion(conversationID: $0.conversation, reader: $0.session.identity.email)
            }
            // What could not be asked is asked again with the next sweep.
            guard let answers = try? await versions.logVersions(questions) else { return }
            for (watch, version) in zip(batch, answers) {
                guard let version else {
                    await lose(watch.conversation, watch.session, feed)
                    continue
                }
                feed.learn(version.revision, of: watch.conversation, after: watch.last)
            }
        }
    }

    /// A session can't see a conversation any more, and may not have been told.
    private func lose(_ conversation: ConversationID, _ session: LiveSession, _ feed: ProjectFeed) async {
        feed.unwatch(conversation, by: session)
        await session.tell([.resync(conversation, .lagged)])
        state.withLock { $0.members[session.id]?.person }?.recheck()
    }

    private static func timer<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
