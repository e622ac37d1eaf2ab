public import ParleyCore
public import ParleyLive
public import ParleyMetrics
import Synchronization

/// Knows how this instance is doing, now and over the last hour: for the operator's page.
///
/// It counts nothing itself but reads what is counted anyway. The samples of an hour are kept, older ones are forgotten, and
/// with the process all are gone; other instances are none of its business.
public final class InstanceWatch: Sendable {
    /// What it looks at.
    public struct Sources: Sendable {
        /// What was counted.
        public var metrics: MetricReader
        /// The sockets and streams.
        public var live: @Sendable () -> LiveCensus
        /// Replies that are being written.
        public var runningReplies: @Sendable () -> Int
        /// Statements that took too long.
        public var slowStatements: SlowStatements
        /// From when on a statement takes too long; zero where none does.
        public var slowStatement: Duration

        /// Takes what is looked at.
        public init(
            metrics: MetricReader,
            live: @escaping @Sendable () -> LiveCensus,
            runningReplies: @escaping @Sendable () -> Int,
            slowStatements: SlowStatements,
            slowStatement: Duration
        ) {
            self.metrics = metrics
            self.live = live
            self.runningReplies = runningReplies
            self.slowStatements = slowStatements
            self.slowStatement = slowStatement
        }
    }

    private struct State {
        var samples: [InstanceSample] = []
        var counts = InstanceCounts()
        var sampledAt = Duration.zero
    }

    /// The name of the instance.
    let instance: String
    /// The program's version.
    let version: String
    /// When it was started.
    let startedAt: Timestamp
    let sources: Sources
    private let clock: any WallClock
    private let stopwatch: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let state = Mutex(State())

    /// Makes a watch of an instance that starts now; nothing is sampled before ``run()``.
    public init(
        instance: String,
        version: String,
        sources: Sources,
        clock: any WallClock = SystemClock(),
        stopwatch: any Clock<Duration> = ContinuousClock()
    ) {
        self.instance = instance
        self.version = version
        self.sources = sources
        self.clock = clock
        self.stopwatch = stopwatch
        startedAt = clock.now()
        elapsed = Stopwatch(stopwatch).elapsed
    }

    /// Takes a sample every ``Limits/instanceSampleInterval`` until it is cancelled.
    public func run() async {
        while !Task.isCancelled {
            // Only a cancellation ends a sleep early, and that ends this as well.
            try? await stopwatch.sleep(for: Limits.instanceSampleInterval)
            if !Task.isCancelled { sample() }
        }
    }

    /// How long the instance has been running.
    var uptime: Duration { elapsed() }

    /// The present time.
    var now: Timestamp { clock.now() }

    /// The samples of the last hour, oldest first.
    var samples: [InstanceSample] { state.withLock(\.samples) }

    /// Takes a sample of what has come since the last one.
    func sample() {
        let (now, time, counts, live) = (clock.now(), elapsed(), counts(), sources.live())
        let running = sources.runningReplies()
        state.withLock { state in
            let new = counts.since(state.counts)
            let seconds = (time - state.sampledAt) / .seconds(1)
            state.samples.append(
                InstanceSample(
                    at: now,
                    connections: live.sockets + live.streams,
                    people: live.people,
                    requestRate: seconds > 0 ? new.requests / seconds : 0,
                    cacheRate: new.cacheRate,
                    runningReplies: running,
                    failedReplies: Int(new.failedReplies),
                    slowStatements: Int(new.slowStatements)
                )
            )
            state.samples.removeFirst(max(0, state.samples.count - Limits.instanceSamples))
            (state.counts, state.sampledAt) = (counts, time)
        }
    }

    /// What has been counted up to now.
    func counts() -> InstanceCounts {
        let cache = cacheReads
        return InstanceCounts(
            requests: sources.metrics.total(of: .httpRequests),
            cacheHits: cache.hits,
            cacheMisses: cache.misses,
            failedReplies: sources.metrics.totals(of: .replies, by: "outcome")[ReplyMetrics.Outcome.failed.rawValue]
                ?? 0,
            slowStatements: sources.metrics.total(of: .slowStatements)
        )
    }

    /// Reads that the cache could serve, and those that it could have served if it had had what was asked for.
    private var cacheReads: (hits: Double, misses: Double) {
        let reads = sources.metrics.totals(of: .cacheReads, by: "result")
        func sum(_ kinds: [CacheMetrics.Read]) -> Double { kinds.reduce(0) { $0 + (reads[$1.rawValue] ?? 0) } }
        return (sum([.hit, .localHit]), sum([.miss, .stale, .broken]))
    }

    /// Whether anything is read through a cache here.
    var hasCache: Bool { !sources.metrics.readings(of: .cacheReads).isEmpty }
}
