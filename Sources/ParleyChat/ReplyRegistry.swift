public import Logging
public import ParleyCore
public import ServiceLifecycle
import Synchronization

/// Where replies are written: each in a child task of this service, so that a reply outlives the request that asked for it.
///
/// Room is bounded: a turn that finds no place is refused with ``ParleyError/Code/unavailable`` before anything is committed,
/// and one whose person has enough of them with ``ParleyError/Code/rateLimited``.
/// On graceful shutdown nothing new is taken; running replies go on for the grace period, then those that are left end as
/// `interrupted` with what they had, and the service returns. When it is cancelled instead, replies stop where they are and
/// are marked by the next sweep of any instance.
///
/// The service also marks replies that a dead instance left behind: once when it starts, then every ``Limits/abandonedReplySweep``.
public final class ReplyRegistry: Service {
    private enum Phase {
        case open
        case draining
        case parking
        case closed
    }

    private struct Job: Sendable {
        let runner: ReplyRunner
        let inbox: ReplyInbox
    }

    private struct State {
        var phase = Phase.open
        // Turns being begun, waiting to run, and running.
        var places = 0
        // The same by person; nobody stands here with none.
        var placesByPerson: [EmailAddress: Int] = [:]
        // Replies that have ended and whose conversations are being titled.
        var titles = 0
        var jobs: [MessageID: Job] = [:]
    }

    private let store: any ReplyStore
    private let capacity: Int
    private let capacityPerPerson: Int
    private let grace: Duration
    private let stopwatch: any Clock<Duration>
    private let logger: Logger
    private let queue: AsyncStream<Job>
    private let enqueue: AsyncStream<Job>.Continuation
    private let state = Mutex(State())

    /// Makes a registry; it runs nothing before ``run()``, but takes turns already.
    ///
    /// - Parameters:
    ///   - store: Where abandoned replies are marked; one that publishes its changes.
    ///   - capacity: How many replies may run at once.
    ///   - capacityPerPerson: How many of them may be one person's.
    ///   - grace: How long a graceful shutdown waits for running replies.
    ///   - stopwatch: What waiting is measured by.
    ///   - logger: The log.
    public init(
        store: any ReplyStore,
        capacity: Int = Limits.runningReplies,
        capacityPerPerson: Int = Limits.runningRepliesPerPerson,
        grace: Duration = Limits.shutdownGrace,
        stopwatch: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.store = store
        self.capacity = capacity
        self.capacityPerPerson = capacityPerPerson
        self.grace = grace
        self.stopwatch = stopwatch
        self.logger = logger
        // Every job in the queue holds a place, so that the bound is never met.
        (queue, enqueue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(capacity))
    }

    /// How many replies have a place: being begun, waiting or running.
    public var runningReplies: Int {
        state.withLock { $0.places }
    }

    /// How many conversations have a better title being found.
    var titlesBeingFound: Int {
        state.withLock { $0.titles }
    }

    /// Runs replies until the service is shut down.
    ///
    /// Call it once.
    public func run() async {
        defer { close() }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.sweep() }
            group.addTask { await self.drainOnShutdown() }
            for await job in queue {
                group.addTask {
                    let outcome = await job.runner.run(job.inbox)
                    self.remove(job)
                    // Who stops an answer wants no more of the model.
                    let isWhole = outcome?.status == .delivered && outcome?.metadata["stopped"] == nil
                    if isWhole { await self.improveTitle(job.runner) }
                }
            }
            group.cancelAll()
        }
    }

    /// Takes a place for a person, begins a turn, and hands over the reply's writing if there is one to write.
    ///
    /// `begin` is not cancelled with the calling task: a client that leaves can't part a committed turn from its writer.
    ///
    /// - Throws: ``ParleyError/Code/unavailable`` where no place is free or the server is shutting down,
    ///   ``ParleyError/Code/rateLimited`` where the person has too many, and nothing was begun; else what `begin` throws.
    func start<Value: Sendable>(
        for person: EmailAddress,
        _ begin: @escaping @Sendable () async throws -> (value: Value, runner: ReplyRunner?)
    ) async throws -> Value {
        try takePlace(for: person)
        let begun: (value: Value, runner: ReplyRunner?)
        do {
            begun = try await uncancelled(begin)
        } catch {
            givePlaceBack(of: person)
            throw error
        }
        guard let runner = begun.runner else {
            givePlaceBack(of: person)
            return begun.value
        }
        let job = Job(runner: runner, inbox: ReplyInbox())
        if !submit(job) {
            // The service was cancelled meanwhile. The turn is committed, so it must have an end.
            job.inbox.post(.parked)
            await uncancelled { _ = await runner.run(job.inbox) }
            remove(job)
        }
        return begun.value
    }

    /// Ends a reply where it is, if it is written here.
    ///
    /// `reply` is what was seen when the stop was asked for: a version that was begun since is not meant.
    func stop(_ reply: Message) {
        guard let job = state.withLock({ $0.jobs[reply.id] }), job.runner.turn.reply.revision <= reply.revision else {
            return
        }
        job.inbox.post(.stopRequested)
    }

    /// Has a title found for a conversation that has just begun, unless too many are: then it keeps the one it has.
    ///
    /// The reply's place is given back before, and a shutdown does not wait for titles.
    private func improveTitle(_ runner: ReplyRunner) async {
        let isTaken = state.withLock { state in
            guard state.titles < Limits.titlesAtOnce else { return false }
            state.titles += 1
            return true
        }
        guard isTaken else { return }
        await runner.improveTitle()
        state.withLock { $0.titles -= 1 }
    }

    private func takePlace(for person: EmailAddress) throws {
        try state.withLock { state in
            guard case .open = state.phase else {
                throw ParleyError.unavailable("The server is shutting down; try again.")
            }
            guard state.places < capacity else {
                throw ParleyError.unavailable("Too many replies are being written; try again in a moment.")
            }
            let own = state.placesByPerson[person, default: 0]
            guard own < capacityPerPerson else {
                throw ParleyError(
                    .rateLimited,
                    "Too many of your replies are being written; wait for one of them or stop it.",
                    retryAfter: .seconds(1)
                )
            }
            state.places += 1
            state.placesByPerson[person] = own + 1
        }
    }

    private func submit(_ job: Job) -> Bool {
        state.withLock { state in
            if case .closed = state.phase { return false }
            state.jobs[job.runner.lease.messageID] = job
            if case .parking = state.phase { job.inbox.post(.parked) }
            enqueue.yield(job)
            return true
        }
    }

    private func remove(_ job: Job) {
        let id = job.runner.lease.messageID
        state.withLock { state in
            // A regeneration may have begun between this reply's end and here.
            if state.jobs[id]?.runner.lease.fence == job.runner.lease.fence { state.jobs[id] = nil }
        }
        givePlaceBack(of: job.runner.identity.email)
    }

    private func givePlaceBack(of person: EmailAddress) {
        state.withLock { state in
            state.places -= 1
            let left = state.placesByPerson[person, default: 1] - 1
            state.placesByPerson[person] = left > 0 ? left : nil
            finishIfDrained(state)
        }
    }

    private func finishIfDrained(_ state: borrowing State) {
        switch state.phase {
        case .draining, .parking: if state.places == 0 { enqueue.finish() }
        case .open, .closed: break
        }
    }

    private func close() {
        enqueue.finish()
        state.withLock { state in
            state.phase = .closed
            state.jobs = [:]
        }
    }
}

// MARK: - Beside the replies

extension ReplyRegistry {
    private func drainOnShutdown() async {
        do {
            try await gracefulShutdown()
            state.withLock { state in
                state.phase = .draining
                finishIfDrained(state)
            }
            try await stopwatch.sleep(for: grace)
        } catch {
            // Cancelled: the service has ended.
            return
        }
        let left = state.withLock { state in
            state.phase = .parking
            return Array(state.jobs.values)
        }
        logger.notice("Replies are interrupted by the shutdown", metadata: [LogKey.count: "\(left.count)"])
        for job in left { job.inbox.post(.parked) }
    }

    private func sweep() async {
        while !Task.isCancelled {
            do {
                let interrupted = try await store.interruptAbandonedReplies().value
                if interrupted > 0 {
                    logger.notice("Marked abandoned replies as interrupted", metadata: [LogKey.count: "\(interrupted)"])
                }
            } catch {
                logger.warning("Could not look for abandoned replies", metadata: [LogKey.error: "\(error)"])
            }
            // Cancelled: the service has ended.
            guard (try? await stopwatch.sleep(for: Limits.abandonedReplySweep)) != nil else { return }
        }
    }
}

/// Runs `operation` to its end even when the calling task is cancelled.
private func uncancelled<Value: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await Task { try await operation() }.value
}

private func uncancelled(_ operation: @escaping @Sendable () async -> Void) async {
    await Task { await operation() }.value
}
