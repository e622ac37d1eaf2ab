public import Logging
public import ParleyCore
public import ParleyStore
public import RedisWire
public import ServiceLifecycle
import Synchronization

/// Carries events between all instances that share a Redis, over its pub/sub.
///
/// Subscribers here get an event at once; those elsewhere as soon as Redis has passed it on. Publishing never waits for
/// Redis, and a Redis that is down fails nothing: it only leaves subscribers to what happens here. Whatever may have been
/// missed, because a link was lost, a queue was full, or an instance could not publish, ends in ``ParleyCore/Signal/lagged``
/// for those concerned, at the latest some seconds after Redis is back.
///
/// This instance listens to one channel for each project and each person that has subscribers here, by ``run()``.
public final class RedisEventBus: EventBus, Service {
    struct Sending {
        var outbox: EventOutbox
        var numbers: ChannelNumbers
        /// Whether Redis did not take the last frame.
        ///
        /// It is not so for longer than need be: after a frame that failed, beacons are tried until Redis takes them.
        var isFailing = false
        var wake: AsyncStream<Void>.Continuation?
    }

    struct Listening {
        var table = ChannelTable()
        var wake: AsyncStream<Void>.Continuation?
    }

    let local: InProcessEventBus
    let client: any RedisCommanding
    let subscriber: RedisSubscriber
    let lookup: ChangeLookup
    let counters: BusCounters
    let logger: Logger
    let clock: any Clock<Duration>
    /// The time since some fixed start.
    let elapsed: @Sendable () -> Duration
    /// How this instance's frames begin.
    let beginning: [UInt8]
    let sending: Mutex<Sending>
    let listening = Mutex(Listening())

    /// Makes a bus; before ``run()`` it carries events within this process, and keeps some for the others.
    ///
    /// - Parameters:
    ///   - client: Publishes; it runs as a service of its own, which must end after this one.
    ///   - subscriber: Listens; a service of its own as well.
    ///   - source: Finds what was too large to be carried along; without it such changes are told as
    ///     ``ParleyCore/Signal/lagged``.
    ///   - ids: Makes the id by which this run of this instance is known to the others.
    ///   - local: Carries events within this process.
    ///   - counters: Is told what happens.
    ///   - clock: What pauses are measured by.
    ///   - logger: Where refused frames and channels are noted, by their ids.
    public convenience init(
        client: any RedisCommanding,
        subscriber: RedisSubscriber,
        source: (any ChangeSource)?,
        ids: any IDMaker = UUIDv7Maker(),
        local: InProcessEventBus = InProcessEventBus(),
        counters: BusCounters = BusCounters(),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.init(
            client: client,
            subscriber: subscriber,
            source: source,
            ids: ids,
            local: local,
            outbox: EventOutbox(),
            counters: counters,
            clock: clock,
            logger: logger
        )
    }

    init(
        client: any RedisCommanding,
        subscriber: RedisSubscriber,
        source: (any ChangeSource)?,
        ids: any IDMaker,
        local: InProcessEventBus = InProcessEventBus(),
        outbox: EventOutbox,
        counters: BusCounters,
        clock: any Clock<Duration>,
        logger: Logger
    ) {
        self.local = local
        self.client = client
        self.subscriber = subscriber
        lookup = ChangeLookup(in: source, clock: clock)
        self.counters = counters
        self.logger = logger
        self.clock = clock
        elapsed = Self.stopwatch(clock)
        beginning = BusFrame.beginning(of: ids.make())
        sending = Mutex(Sending(outbox: outbox, numbers: ChannelNumbers()))
    }

    /// How many subscriptions there are in this process.
    public var subscriptionCount: Int { local.subscriptionCount }

    /// To how many channels this instance listens.
    public var channelCount: Int { listening.withLock(\.table.count) }

    /// Hands events to subscribers in this process, and puts them on their way to the others.
    ///
    /// When there is no room for them to wait, subscribers elsewhere are told ``ParleyCore/Signal/lagged`` instead.
    public func publish(_ events: [Event]) async {
        await local.publish(events)
        enqueue(events.map { .event($0) })
    }

    /// Hands a notice to subscribers in this process, and puts it on its way to the others, behind what was published
    /// before it.
    ///
    /// When there is no room for it to wait, subscribers elsewhere are told ``ParleyCore/Signal/lagged`` instead.
    public func announce(_ notice: AccessNotice) async {
        await local.announce(notice)
        enqueue([.notice(notice)])
    }

    /// Whether the connection that listens stands with all its channels, and Redis took what was published last.
    ///
    /// A Redis that takes nothing from here takes nothing from the others either, even where it lets everybody listen.
    public var hearsOthers: Bool {
        subscriber.isConnected && listening.withLock(\.table.isWhole) && !sending.withLock(\.isFailing)
    }

    private func enqueue(_ publications: [Publication]) {
        let (dropped, wake) = sending.withLock { sending in
            var dropped = 0
            for publication in publications where !sending.outbox.put(publication) { dropped += 1 }
            return (dropped, sending.wake)
        }
        if dropped > 0 { counters.publishFailed() }
        wake?.yield()
    }

    /// Subscribes to a topic as long as `body` runs.
    ///
    /// `body` begins when Redis has confirmed the topic's channel, or is known to be down; then it hears of what happens
    /// in this process, and is told ``ParleyCore/Signal/lagged`` when Redis is back.
    public func withSubscription<Result: Sendable>(
        to topic: EventTopic,
        _ body: (EventSubscription) async throws -> Result
    ) async throws -> Result {
        try await local.withSubscription(to: topic) { subscription in
            let (place, wake) = listening.withLock { ($0.table.join(topic.channel), $0.wake) }
            defer { listening.withLock { $0.table.leave(topic.channel) } }
            wake?.yield()
            if let settled = place.settled { for await _ in settled {} }
            return try await body(subscription)
        }
    }

    /// Ends all subscriptions, once they have taken what waits for them, and takes no new ones.
    public func shutDown() {
        local.shutDown()
    }

    /// Publishes and listens until the task is cancelled or a graceful shutdown begins; then all subscriptions end.
    ///
    /// In a graceful shutdown what waits to be published is published first.
    public func run() async {
        // Room for one: a wake says that there is something to do, not what.
        let (loads, wakeSending) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (channels, wakeListening) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        sending.withLock { $0.wake = wakeSending }
        listening.withLock { listening in
            listening.wake = wakeListening
            listening.table.begin()
        }
        // For what came before.
        wakeSending.yield()
        wakeListening.yield()
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [self] in await listen(channels) }
                group.addTask { [self] in await tick() }
                await send(loads)
                group.cancelAll()
            }
        } onGracefulShutdown: {
            wakeSending.finish()
        }
        sending.withLock { $0.wake = nil }
        listening.withLock { listening in
            listening.wake = nil
            listening.table.end()
        }
        local.shutDown()
    }

    private static func stopwatch<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
