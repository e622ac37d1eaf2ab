public import ParleyCore
import ParleyMetrics
import Synchronization

/// One socket or stream of events: what it is told, and what its client asks for.
///
/// A session takes no task of its own while nothing is asked of it.
public final class LiveSession: Sendable {
    enum Phase: Hashable, Sendable {
        /// It has a place, and no connection yet.
        case admitted
        /// It is being found out what its person may see; nothing is told.
        case opening
        /// Events go to the client.
        case open
        /// Nothing goes to the client any more.
        case closed
    }

    /// What waits to be done for the client.
    enum Work: Sendable {
        case begin
        case revalidate
        case command(LiveCommand)
        /// What is wrong with something that it sent before it was told anything.
        case refusal(ParleyError)
    }

    struct State {
        var phase = Phase.admitted
        var outlet: (any LiveOutlet)?
        /// Why it was closed before it had a connection.
        var closing: LiveClosing?
        /// When it is no longer waited for to be open.
        var openUntil = Duration.zero
        var filter: SessionFilter
        var work: [Work] = []
        var isWorking = false
        /// Whether it is to be looked at whether the person may stay, before all else that waits.
        var mustRevalidate = false
        var bucket: TokenBucket?
        var expiresAt: Timestamp
        var revalidateAt: Timestamp
        var mayType: [ConversationID: TypingPlace] = [:]
        /// What tells of the conversations that the client is subscribed to.
        var watching: [ConversationID: ProjectFeed] = [:]
    }

    /// Where somebody may write, and how long that is believed.
    struct TypingPlace {
        let project: ProjectID
        let until: Duration
    }

    /// Tells it from all others.
    public let id: ConnectionID
    /// Whose it is.
    public let identity: Identity
    /// The one conversation that it is about; `nil` for all that the person may see.
    public let only: ConversationID?
    let credential: LiveCredential
    let hub: LiveHub
    /// Whether it is a socket's: a stream is told nothing first.
    let greets: Bool
    let state: Mutex<State>

    init(
        id: ConnectionID,
        identity: Identity,
        credential: LiveCredential,
        only: ConversationID?,
        greets: Bool,
        hub: LiveHub
    ) {
        self.id = id
        self.identity = identity
        self.only = only
        self.credential = credential
        self.greets = greets
        self.hub = hub
        state = Mutex(
            State(
                filter: SessionFilter(connection: id, only: only),
                expiresAt: credential.expiresAt,
                revalidateAt: hub.clock.now() + Limits.socketRevalidation
            )
        )
    }

    /// Whether nothing goes to the client any more.
    var isClosed: Bool { state.withLock { $0.phase == .closed } }

    // MARK: For the connection

    /// Gives the session its connection: it is found out what the person may see, then a socket is told `ready`, and then
    /// everything that happens from then on.
    ///
    /// A stream for one conversation is told `subscribed` in place of `ready`, after the changes since `revision` where
    /// that is given.
    public func begin(_ outlet: any LiveOutlet, since revision: Int? = nil) {
        let openUntil = hub.elapsed() + Limits.socketOpening
        let (begins, closing) = state.withLock { state -> (Bool, LiveClosing?) in
            guard state.phase == .admitted else { return (false, state.closing.take()) }
            state.phase = .opening
            state.openUntil = openUntil
            state.outlet = outlet
            state.work = [.begin]
            if let only { state.work.append(.command(.subscribe(only, since: revision))) }
            state.isWorking = true
            return (true, nil)
        }
        if begins { hub.spawn(.session(self)) }
        // Signed out, for example, while the connection was being made.
        if let closing { close(outlet, closing) }
    }

    /// Takes what the client sends over its socket: JSON text.
    public func receive(_ text: some Collection<UInt8>) {
        receive(Array(text))
    }

    /// Takes what the client sends over its socket: JSON text.
    public func receive(_ text: [UInt8]) {
        var conversation: ConversationID?
        do throws(ParleyError) {
            let asked = Result { () throws(ParleyError) in
                if let plain = LiveCommand(plainTyping: text) { plain } else { try LiveCommand(parsing: text) }
            }
            if case .success(let command) = asked { conversation = command.conversation }
            if let wait = takeFromBudget() {
                throw ParleyError(.rateLimited, "Too many messages in a short time; wait a little.", retryAfter: wait)
            }
            let command = try asked.get()
            if case .typing(let conversation) = command, typesAtOnce(in: conversation) { return }
            try put(.command(command))
        } catch {
            answer(error, about: conversation)
        }
    }

    /// Hands a frame on where the client is to have it.
    ///
    /// Called in line, by the group of its connection.
    public func pass(_ frame: LiveFrame) {
        outlet(for: frame)?.send(frame)
    }

    /// Where a frame is to be sent now, if the client is to have it now.
    ///
    /// In place of ``pass(_:)``, for a group that has the frame ready for all of its connections.
    public func outlet(for frame: LiveFrame) -> (any LiveOutlet)? {
        state.withLock { state in
            guard state.phase == .open, state.filter.passes(frame) else { return nil }
            return state.outlet
        }
    }

    /// Takes note that the connection is gone.
    ///
    /// To be called once for every session that was admitted, whatever came of it; never in line.
    public func ended() {
        let watching = state.withLock { state in
            state.phase = .closed
            state.closing = nil
            state.outlet = nil
            state.work = []
            defer { state.watching = [:] }
            return state.watching
        }
        for (conversation, feed) in watching { feed.unwatch(conversation, by: self) }
        hub.remove(self)
    }

    // MARK: For the hub

    /// Closes the connection; nothing more is told.
    func close(_ closing: LiveClosing) {
        let outlet = state.withLock { state -> (any LiveOutlet)? in
            guard state.phase != .closed else { return nil }
            if state.phase == .admitted { state.closing = closing }
            state.phase = .closed
            state.work = []
            return state.outlet.take()
        }
        if let outlet { close(outlet, closing) }
    }

    private func close(_ outlet: any LiveOutlet, _ closing: LiveClosing) {
        hub.metrics.closed(LiveMetrics.Closing(closing))
        outlet.close(closing)
    }

    /// Begins to tell the client.
    func open() async {
        await inLine { [self] in
            let outlet = state.withLock { state -> (any LiveOutlet)? in
                guard state.phase == .opening else { return nil }
                state.phase = .open
                return state.outlet
            }
            if greets { outlet?.send(.ready(id)) }
        }
    }

    /// Tells the client something that needs no filter.
    func tell(_ frames: [LiveFrame]) async {
        guard !frames.isEmpty else { return }
        await inLine { [self] in
            let outlet = state.withLock { $0.phase == .open ? $0.outlet : nil }
            for frame in frames { outlet?.send(frame) }
        }
    }

    /// Runs something in line with deliveries, and returns when that is done.
    func inLine(_ body: @escaping @Sendable () -> Void) async {
        guard let group = state.withLock({ $0.outlet?.group }) else { return }
        await withCheckedContinuation { continuation in
            group.inLine {
                body()
                continuation.resume()
            }
        }
    }

    /// Takes note of the time: looks again whether the person may stay, when that is due.
    func watchTime(now: Timestamp, elapsed: Duration) {
        let (isDue, isLate) = state.withLock { state in
            if state.phase == .opening { return (false, state.openUntil < elapsed) }
            guard state.phase == .open, min(state.expiresAt, state.revalidateAt) <= now else { return (false, false) }
            state.revalidateAt = now + Limits.socketRevalidation
            return (true, false)
        }
        if isDue { demandRevalidation() }
        if isLate { close(.failure) }
    }

    /// Has it looked at again whether the person may stay, before all else that waits.
    func demandRevalidation() {
        let begins = state.withLock { state in
            guard state.phase == .open || state.phase == .opening else { return false }
            state.mustRevalidate = true
            return state.beginsWork()
        }
        if begins { hub.spawn(.session(self)) }
    }

    /// Does what waits, one thing after another, until nothing does.
    func work() async {
        while let work = nextWork() {
            do {
                switch work {
                case .begin: await hub.enter(self)
                case .revalidate: await revalidate()
                case .command(let command): try await perform(command)
                case .refusal(let error): throw error
                }
            } catch let error as ParleyError {
                answer(error)
            } catch {
                answer(ParleyError(wrapping: error))
            }
        }
    }

    private func nextWork() -> Work? {
        state.withLock { state in
            if state.phase == .open, state.mustRevalidate {
                state.mustRevalidate = false
                return .revalidate
            }
            guard state.phase != .closed, !state.work.isEmpty else {
                state.isWorking = false
                return nil
            }
            return state.work.removeFirst()
        }
    }

    private func put(_ work: Work) throws(ParleyError) {
        let (isTaken, begins) = state.withLock { state -> (Bool, Bool) in
            guard state.phase == .opening || state.phase == .open else { return (true, false) }
            guard state.work.count < Limits.socketCommands else { return (false, false) }
            state.work.append(work)
            return (true, state.beginsWork())
        }
        if begins { hub.spawn(.session(self)) }
        if !isTaken { throw ParleyError(.rateLimited, "Too much was asked for at once; wait for the answers.") }
    }

    private func takeFromBudget() -> Duration? {
        guard hub.keepsRates else { return nil }
        let now = hub.elapsed()
        return state.withLock { state in
            let rate = Limits.socketCommandRate
            var bucket = state.bucket ?? TokenBucket(perSecond: rate.perSecond, burst: rate.burst, now: now)
            defer { state.bucket = bucket }
            return bucket.take(now: now)
        }
    }

    /// Tells the client what went wrong, once it is told anything.
    func answer(_ error: ParleyError, about conversation: ConversationID? = nil) {
        hub.log(error, of: self)
        let frame = LiveFrame.error(error, requestID: "\(id)", conversation)
        let (outlet, isOpening) = state.withLock { ($0.outlet, $0.phase == .opening) }
        guard !isOpening else {
            // One who asks for that much before the first answer hears of what there was room for.
            try? put(.refusal(error))
            return
        }
        outlet?.group.inLine { [self] in
            let outlet = state.withLock { $0.phase == .open ? $0.outlet : nil }
            outlet?.send(frame)
        }
    }
}

extension LiveSession.State {
    /// Takes note that there is something to do; returns whether nobody is at it yet.
    fileprivate mutating func beginsWork() -> Bool {
        defer { isWorking = true }
        return !isWorking
    }
}
