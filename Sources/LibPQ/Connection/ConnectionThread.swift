internal import CLibPQ
internal import Glibc
internal import Synchronization

/// The loop of a connection's thread: carries out what ``PipelineStateMachine`` decides.
///
/// For its own thread only, from ``connect(_:mailbox:)`` to the end of ``run()``.
struct ConnectionThread: ~Copyable {
    /// A statement that was handed over and not answered yet.
    private struct Pending {
        let request: Mailbox.Request
        var use = StatementNames.Use.whole
        var isPreparing = false
        var result: StatementResult?
        var error: PostgresError?
        /// Whether the server has given up waiting for its standby.
        var isUnconfirmed = false
    }

    private var link: ServerLink
    private let mailbox: Mailbox
    private let status: ConnectionStatus
    private var machine: PipelineStateMachine
    private var names: StatementNames
    private var pending: [Int: Pending] = [:]
    private var hasUnsentBytes = false
    /// Why the connection ends once it is done, unless it was asked to.
    private var retirement: PostgresError?

    /// Connects.
    init(_ settings: PostgresSettings, mailbox: Mailbox, status: ConnectionStatus) throws(PostgresError) {
        link = try ServerLink(settings)
        self.mailbox = mailbox
        self.status = status
        machine = PipelineStateMachine(
            inFlightLimit: settings.inFlightLimit,
            waitingLimit: settings.waitingLimit,
            grace: settings.cancelGrace
        )
        names = StatementNames(limit: settings.preparedLimit)
        status.processID.store(link.processID, ordering: .relaxed)
        status.usesTLS.store(link.usesTLS, ordering: .relaxed)
    }

    /// Works until the connection is closed or lost, and answers every statement.
    consuming func run() {
        let end = work()
        let stopped = machine.takeAll()
        // Before anybody is told: a program that ends then must not end under what libpq still does here.
        link.finish()
        let late = mailbox.finish(end)
        for (id, stop) in stopped.inFlight {
            // What the server said last, it said to the head: that it shuts down, for one.
            let lastWords = pending[id]?.error?.with(kind: .connectionLost, isConnectionLost: true)
            fail(id, PostgresError.ended(by: stop, lost: lastWords ?? end))
        }
        // What was never sent has surely had no effect.
        let unsent = end.kind == .closed ? end : end.with(kind: .unreachable)
        for id in stopped.waiting { fail(id, unsent) }
        for request in late { request.answer(.failure(unsent)) }
    }

    /// The loop; returns why it ended.
    private mutating func work() -> PostgresError {
        while true {
            take(mailbox.take())
            // What has arrived counts, however late this thread comes to see it; then whose time is up.
            guard readAnswers() else { return Self.outOfStep }
            let now = ContinuousClock.now
            for id in machine.stopOverdue(now: now) { giveUp(id, .deadline) }
            if machine.isStuck(now: now) {
                return PostgresError(
                    .connectionLost,
                    "the server did not cancel the statement in time",
                    isConnectionLost: true
                )
            }
            if machine.beginCancelling(now: now) { cancel() }
            // Answers make room for the next statements, after which nothing else might wake this thread.
            repeat {
                guard send() else { return link.lossError() }
                guard readAnswers() else { return Self.outOfStep }
            } while machine.canSend && !hasUnsentBytes
            guard link.isAlive else { return link.lossError() }
            if machine.isDone {
                return retirement ?? PostgresError(.closed, "the connection was closed", isConnectionLost: true)
            }
            guard mailbox.fallAsleep() else { continue }
            guard sleep() else { return link.lossError() }
        }
    }

    private mutating func take(_ post: Mailbox.Post) {
        if post.isCancelDelivered { machine.cancelled() }
        for request in post.requests {
            switch machine.add(request.id, deadline: request.deadline) {
            case .waits: pending[request.id] = Pending(request: request)
            case .full: request.answer(.failure(PostgresError(.exhausted, "too many statements wait")))
            case .closed: request.answer(.failure(PostgresError(.closed, "the connection is closing")))
            }
        }
        for id in post.cancellations where machine.stop(id, .cancelled) { giveUp(id, .cancelled) }
        if post.isClosing { machine.close() }
    }

    private func cancel() {
        let (canceller, mailbox) = (link.canceller, mailbox)
        do {
            try OwnThread.start {
                canceller.ask()
                mailbox.cancelDelivered()
            }
        } catch {
            mailbox.cancelDelivered()
        }
    }

    /// Sends what may be sent; `false` where the connection is lost.
    private mutating func send() -> Bool {
        while true {
            guard let isLeft = link.flush() else { return false }
            hasUnsentBytes = isLeft
            // One statement at most is beyond what the kernel takes, however large they are.
            guard !isLeft, let id = machine.takeNextToSend(), let statement = pending[id]?.request.statement else {
                return true
            }
            let use = statement.isPrepared ? names.use(statement.key) : .whole
            pending[id]?.use = use
            if case .prepare = use { pending[id]?.isPreparing = true }
            guard link.send(statement, as: use) else { return false }
        }
    }

    /// Takes the answers that are there; `false` where they make no sense.
    private mutating func readAnswers() -> Bool {
        var separators = 0
        while let id = machine.head {
            let event = link.nextEvent()
            // Told before the end of the statement that it concerns.
            if link.takeUnconfirmed() { pending[id]?.isUnconfirmed = true }
            switch event {
            case .nothingYet: return true
            case .separator:
                // Between answers comes one; more than a few would go on for ever.
                separators += 1
                if separators > 4 { return !link.isAlive }
                continue
            case .result(let result):
                if pending[id]?.isPreparing == true {
                    pending[id]?.isPreparing = false
                    if let key = pending[id]?.request.statement.key { names.prepared(key) }
                } else {
                    pending[id]?.result = result
                }
            case .refused(let error):
                if pending[id]?.error == nil { pending[id]?.error = error }
            case .copy:
                pending[id]?.error = PostgresError(.misuse, "COPY is not supported")
                return false
            case .skipped: break
            case .synced: headEnded(id)
            }
            separators = 0
        }
        return true
    }

    private mutating func headEnded(_ id: Int) {
        guard let ended = pending[id] else { return }
        // libpq knows only while nothing else is in flight; whoever opens a transaction has the connection for itself.
        if let isIdle = link.isIdle { status.isIdle.store(isIdle, ordering: .releasing) }
        let isIdle = status.isIdle.load(ordering: .relaxed)
        let key = ended.request.statement.key
        let isNameUseless =
            ended.error?.sqlState == .featureNotSupported || ended.error?.sqlState == .invalidSQLStatementName
        if ended.isPreparing || (ended.use != .whole && isNameUseless) { names.forget(key) }
        if ended.error?.sqlState == .readOnlySQLTransaction, isIdle {
            // The primary of yesterday: connecting anew finds the present one.
            retirement = PostgresError(.connectionLost, "the server takes no writes", isConnectionLost: true)
            machine.close()
        }
        let isCancelled = ended.error?.sqlState == .queryCanceled
        switch machine.headEnded(isCancelled: isCancelled, isIdle: isIdle) {
        case .answer: answer(id)
        case .stopped(_, let stop): fail(id, PostgresError.ended(by: stop, refusal: ended.error))
        case .again: pending[id] = Pending(request: ended.request)
        case .forget, nil: pending[id] = nil
        }
    }

    private mutating func answer(_ id: Int) {
        guard let ended = pending.removeValue(forKey: id) else { return }
        if let error = ended.error {
            ended.request.answer(.failure(error))
        } else if ended.isUnconfirmed {
            // Committed here, and lost if this server is: no different from an answer that didn't come.
            ended.request.answer(.failure(PostgresError(.deadline, "the standby has not confirmed the commit in time")))
        } else if let result = ended.result {
            ended.request.answer(.success(result))
        } else {
            ended.request.answer(.failure(PostgresError(.misuse, "the statement has no result")))
        }
    }

    private mutating func fail(_ id: Int, _ error: PostgresError) {
        pending.removeValue(forKey: id)?.request.answer(.failure(error))
    }

    /// Tells the caller of a statement that was given up; what is in flight is still to be answered by the server.
    private mutating func giveUp(_ id: Int, _ stop: PipelineStateMachine.Stop) {
        if machine.isInFlight(id) {
            pending[id]?.request.answer(.failure(PostgresError.ended(by: stop)))
        } else if stop == .deadline {
            fail(id, PostgresError(.exhausted, "the statement's time was up before it was its turn"))
        } else {
            fail(id, PostgresError.ended(by: stop))
        }
    }

    /// Waits for the server, the mailbox or the next deadline; `false` where the connection is lost.
    private func sleep() -> Bool {
        var watched = [
            pollfd(fd: link.socket, events: Int16(POLLIN | (hasUnsentBytes ? POLLOUT : 0)), revents: 0),
            pollfd(fd: mailbox.wakeUp, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&watched, 2, machine.nextDue.map(Self.milliseconds) ?? -1)
        if watched[1].revents != 0 {
            var count: eventfd_t = 0
            eventfd_read(mailbox.wakeUp, &count)
        }
        return watched[0].revents == 0 || link.consumeInput()
    }

    /// The time until then as poll takes it, rounded up, since a moment too early would be for nothing.
    private static func milliseconds(until due: ContinuousClock.Instant) -> Int32 {
        let (seconds, attoseconds) = (due - .now).components
        guard seconds < 3600 else { return 3_600_000 }
        return Int32(max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
    }

    private static let outOfStep = PostgresError(.connectionLost, "answers out of order", isConnectionLost: true)
}
