import ParleyCore
import ParleyMetrics
import ParleyPostgres
import ParleyRedis
import ParleyServer
import ParleyStore
import RedisWire
import ServiceLifecycle

/// What stands around the truth and, with Redis, is shared by all instances: the cache, the bus and the limits.
struct Sharing {
    /// The truth, or the cache around it.
    let conversations: any ConversationStore
    /// Reads logs as they go over the wire, where there is a cache.
    var encodedLog: (any EncodedLogReader)?
    /// Says how far conversations are, where other instances may have changed them and died before they told.
    var versions: (any VersionedStore)?
    /// Carries events.
    let bus: any EventBus
    /// Ends the streams that listen to the bus when the server is shut down.
    let streams: any Service
    /// Says who must wait.
    let limiter: any RateLimiter
    /// What keeps connections up, for as long as anybody may need them.
    var clients: [any Service] = []
    /// What is asked of Redis to see whether it is well, where there is one.
    var check: HealthCheck?
}

extension Wiring {
    /// Puts around the truth what the settings say.
    func sharing(_ store: OpenedStore) throws -> Sharing {
        let metrics = BusMetrics(factory: watching.factory)
        let local = InProcessEventBus(metrics: metrics)
        guard case .postgres(let truth) = store else { return sharing(store.conversations, local) }
        guard let url = settings.redis else {
            // Copies in the process, that the truth vouches for as for those in Redis.
            let cached = cache(around: truth, in: NoLogCache())
            var sharing = sharing(cached, local)
            sharing.encodedLog = cached
            return sharing
        }
        var configuration = RedisConfiguration(url: url)
        configuration.clientName = "parley"
        let client = try redis { () throws(RedisError) in try RedisClient(configuration, logger: logger) }
        configuration.clientName = "parley-events"
        let subscriber = try redis { () throws(RedisError) in try RedisSubscriber(configuration, logger: logger) }
        let bus = RedisEventBus(
            client: client,
            subscriber: subscriber,
            source: truth,
            ids: ids,
            local: local,
            counters: BusCounters(
                frameSent: { metrics.frames(.sent) },
                frameReceived: { metrics.frames(.received) },
                gap: { metrics.gap(.link) }
            ),
            logger: logger
        )
        let cacheSettings = CacheSettings(lifetime: settings.cacheLifetime, limit: settings.cacheLimit)
        let cached = cache(around: truth, in: RedisLogCache(client, settings: cacheSettings))
        return Sharing(
            conversations: cached,
            encodedLog: cached,
            versions: truth,
            bus: bus,
            streams: bus,
            limiter: RedisRateLimiter(client: client, fallback: InProcessRateLimiter()),
            clients: [client, subscriber],
            // Without it everything is answered all the same, only slower.
            check: HealthCheck(name: "redis", isNeeded: false) { _ = try await client.send(["PING"]) }
        )
    }

    /// What one process has by itself.
    private func sharing(_ conversations: any ConversationStore, _ bus: InProcessEventBus) -> Sharing {
        Sharing(
            conversations: conversations,
            bus: bus,
            streams: BusEnding(bus: bus),
            limiter: InProcessRateLimiter()
        )
    }

    private func cache(around truth: PostgresStore, in cache: any LogCache) -> CachedStore {
        let cacheSettings = CacheSettings(lifetime: settings.cacheLifetime, limit: settings.cacheLimit)
        let metrics = CacheMetrics(factory: watching.factory)
        return CachedStore(
            truth,
            cache: cache,
            settings: cacheSettings,
            counters: CacheCounters { metrics.read(CacheMetrics.Read($0)) }
        )
    }

    /// What can't be made of the URL is wrong with the configuration.
    private func redis<Value>(_ make: () throws(RedisError) -> Value) throws -> Value {
        do throws(RedisError) { return try make() } catch {
            throw InvalidSettings(problems: [SettingProblem(key: "redis", reason: error.message)])
        }
    }
}

extension CacheMetrics.Read {
    fileprivate init(_ event: CacheEvent) {
        self =
            switch event {
            case .localHit: .localHit
            case .hit: .hit
            case .miss: .miss
            case .stale: .stale
            case .broken: .broken
            case .streaming: .streaming
            case .beyond: .beyond
            case .refused: .refused
            }
    }
}

/// Ends the streams that still listen when the server is shut down.
private struct BusEnding: Service {
    let bus: InProcessEventBus

    func run() async {
        // Cancelled instead: the listeners are, too.
        try? await gracefulShutdown()
        bus.shutDown()
    }
}
