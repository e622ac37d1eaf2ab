public import Logging
public import ParleyCore
public import ParleyMetrics
public import ServiceLifecycle
internal import Synchronization

/// Keeps a second store like the truth, behind the writes: what was committed is noted here, and brought over by ``run()``.
///
/// A write waits for nothing here, and fails by nothing that fails here. What fails is counted, logged by its id, and tried
/// again, later and later up to half a minute. When it starts, and now and then, it compares the two stores: so what a crash
/// left undone, or another program wrote into the truth, is brought over, too. What the mirror has that can't come from the
/// truth is a difference: it is counted and logged, and left alone; `parley copy --overwrite` does away with it.
///
/// When the server shuts down it brings over what waits, for as long as it may, and says what is left.
public final class Mirror: Service {
    /// How it behaves.
    public struct Configuration: Sendable {
        /// How many names may wait; beyond it everything is compared.
        public var capacity = 65_536
        /// How many are worked on at once.
        public var width = 4
        /// How often the stores are compared.
        public var comparisonInterval = Duration.seconds(300)
        /// How long it goes on at most after the server has ended.
        public var drainTime = Duration.seconds(5)

        /// The defaults.
        public init() {}
    }

    private let replicator: Replicator
    /// For what was noted, after a comparison: nobody else writes what the mirror holds.
    private let trusting: Replicator
    private let configuration: Configuration
    private let metrics: MirrorMetrics
    private let logger: Logger
    private let clock: any WallClock
    private let ready: @Sendable () async -> Void
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state: Mutex<State>
    private let wakings: AsyncStream<Void>
    private let waking: AsyncStream<Void>.Continuation

    private struct State {
        var queue: MirrorQueue
        var failures = 0
        var isEnding = false
        var hasCompared = false
        var seen: Set<ProjectID> = []
        var waitingForRest: [CheckedContinuation<Void, Never>] = []

        /// Who waited for nothing to wait, where nothing does.
        mutating func takeRested() -> [CheckedContinuation<Void, Never>] {
            guard queue.count == 0 else { return [] }
            defer { waitingForRest = [] }
            return waitingForRest
        }
    }

    /// Mirrors a truth into another store.
    ///
    /// - Parameters:
    ///   - truth: Where the present state is.
    ///   - mirror: What is to be like it.
    ///   - configuration: How it behaves.
    ///   - metrics: What is counted.
    ///   - clock: Says how long something has waited.
    ///   - logger: Takes ids and reasons.
    ///   - ready: Returns when it is worth a try.
    ///   - sleep: Waits; a test needn't.
    public init(
        of truth: any ReplicaStore,
        in mirror: any ReplicaStore,
        configuration: Configuration = Configuration(),
        metrics: MirrorMetrics = MirrorMetrics(),
        clock: any WallClock = SystemClock(),
        logger: Logger,
        ready: @escaping @Sendable () async -> Void = {},
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        replicator = Replicator(from: truth, to: mirror, isTruth: true, clock: clock)
        trusting = Replicator(from: truth, to: mirror, isTruth: true, isTrusting: true, clock: clock)
        self.configuration = configuration
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        self.ready = ready
        self.sleep = sleep
        state = Mutex(State(queue: MirrorQueue(capacity: configuration.capacity, width: configuration.width)))
        (wakings, waking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        note(.everything)
    }

    // MARK: Noting

    /// How many changed things are still to be brought over.
    public var waitingCount: Int { state.withLock { $0.queue.count } }

    /// Sets the gauges: for who reads them now and then.
    public func countWaiting() {
        let (count, oldest) = state.withLock { ($0.queue.count, $0.queue.oldest) }
        metrics.now(waiting: count, lag: oldest.map { clock.now() - $0 } ?? .zero)
    }

    func note(_ name: MirrorName, isReplaced: Bool = false) {
        let now = clock.now()
        state.withLock { $0.queue.note(name, isReplaced: isReplaced, at: now) }
        waking.yield()
    }

    func noteGrowth(of conversation: ConversationID) {
        let now = clock.now()
        state.withLock { $0.queue.noteGrowth(of: conversation, at: now) }
    }

    /// Notes a project that may have been made by looking for it, the first time it is met.
    func noteMet(_ project: ProjectID) {
        let isNew = state.withLock { state in
            if state.seen.count >= configuration.capacity { state.seen = [] }
            return state.seen.insert(project).inserted
        }
        if isNew { note(.project(project)) }
    }

    // MARK: Working

    /// Brings over what is noted until the server shuts down, or the task is cancelled.
    public func run() async {
        await withGracefulShutdownHandler {
            await withTaskGroup { group in
                group.addTask { await self.compareNowAndThen() }
                await self.work()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.end()
        }
        let left = waitingCount
        if left > 0 {
            logger.warning("The mirror is behind; it catches up at the next start.", metadata: ["waiting": "\(left)"])
        }
    }

    /// Works until nothing waits after the shutdown has begun.
    private func work() async {
        await ready()
        await withTaskGroup { group in
            group.addTask { await self.limitDraining() }
            await withDiscardingTaskGroup { workers in
                for await _ in self.wakings {
                    while let task = self.state.withLock({ $0.queue.take() }) {
                        workers.addTask { await self.work(on: task) }
                    }
                    if self.isDone { break }
                }
                workers.cancelAll()
            }
            group.cancelAll()
        }
    }

    private var isDone: Bool { state.withLock { $0.isEnding && $0.queue.count == 0 } }

    /// Returns when nothing waits any more.
    package func rest() async {
        await withCheckedContinuation { continuation in
            let rested = state.withLock { state in
                state.waitingForRest.append(continuation)
                return state.takeRested()
            }
            for continuation in rested { continuation.resume() }
        }
    }

    /// Lets ``run()`` return when it has brought over what waits.
    package func end() {
        let now = clock.now()
        state.withLock { state in
            state.isEnding = true
            state.queue.noteGrown(at: now)
        }
        waking.yield()
    }

    /// Ends the work when the time after a shutdown is over.
    private func limitDraining() async {
        // Cancelled: there is nothing left to limit.
        guard (try? await gracefulShutdown()) != nil, (try? await sleep(configuration.drainTime)) != nil else { return }
        waking.finish()
    }

    private func compareNowAndThen() async {
        while !Task.isCancelled {
            guard (try? await sleep(configuration.comparisonInterval)) != nil else { return }
            note(.everything)
        }
    }

    private func work(on task: MirrorQueue.Task) async {
        var hasFailed = false
        do {
            try await bring(task)
            state.withLock { $0.failures = 0 }
        } catch {
            hasFailed = true
            metrics.failed()
            let failures = state.withLock { state in
                state.failures += 1
                return state.failures
            }
            logger.error(
                "The mirror could not be written.",
                metadata: ["what": "\(task.name.logged)", "error": "\(Self.words(error))", "failures": "\(failures)"]
            )
            let isEnding = state.withLock { $0.isEnding }
            // Cut short: it waits again all the same.
            try? await sleep(isEnding ? .milliseconds(100) : .milliseconds(100 << min(failures, 8)))
        }
        let now = clock.now()
        let rested = state.withLock { state in
            state.queue.finish(task, hasFailed: hasFailed, at: now)
            return state.takeRested()
        }
        for continuation in rested { continuation.resume() }
        waking.yield()
    }

    private func bring(_ task: MirrorQueue.Task) async throws {
        switch task.name {
        case .conversation(let id):
            if task.isReplaced { try await replicator.target.removeReplica(id) }
            let hasCompared = state.withLock { $0.hasCompared }
            note(try await (hasCompared ? trusting : replicator).bring(id), task.name)
        case .project(let id): note(try await replicator.bring(id), task.name)
        case .wholeProject(let id):
            note(try await replicator.bring(id), task.name)
            try await Comparison(replicator: replicator, isDeep: true, width: 1).run(on: id, note)
        case .person(let email): note(try await replicator.bring(email), task.name)
        case .line(let line):
            try await replicator.target.putReplica([line])
            metrics.applied()
        case .everything: try await compare()
        }
    }

    /// The first time since the start to the last draft; later by revisions.
    private func compare() async throws {
        let isDeep = state.withLock { !$0.hasCompared }
        try await Comparison(replicator: replicator, isDeep: isDeep, width: configuration.width).run(note)
        state.withLock { $0.hasCompared = true }
    }

    @Sendable private func note(_ outcome: Replicator.Outcome, _ name: MirrorName) {
        switch outcome {
        case .same: break
        case .written, .removed: metrics.applied()
        case .refused:
            metrics.differs()
            // There may be thousands of lines, and they are no conversation.
            if case .line = name { return }
            logger.error(
                "The mirror holds something else, which was left alone.",
                metadata: ["what": "\(name.logged)"]
            )
        }
    }

    private static func words(_ error: any Error) -> String {
        (error as? ParleyError)?.message ?? "\(type(of: error))"
    }
}

extension MirrorName {
    /// What a log may say of it: ids, but no address.
    var logged: String {
        switch self {
        case .conversation(let id): "conversation \(id)"
        case .project(let id), .wholeProject(let id): "project \(id)"
        case .person: "a person"
        case .line(let line): "query log, message \(line.messageID)"
        case .everything: "comparison"
        }
    }
}
