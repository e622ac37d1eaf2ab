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
    /// What stands around the truth and takes note of its commits, the innermost first.
    var wrappers: [any WrappingStore] = []
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
    /// Returns when there is a connection to Redis; at once where there is none to be.
    var connected: @Sendable () async throws -> Void = {}
    /// What is asked of Redis to see whether it is well, where there is one.
    var check: HealthCheck?
}

extension Wiring {
    /// Puts around the truth what the settings say.
    func sharing(_ store: OpenedStore, mirror: Mirror?) throws -> Sharing {
        let metrics = BusMetrics(factory: watching.factory)
        let local = InProcessEventBus(metrics: metrics)
        switch store {
        case .sqlite(let truth): return sharing(noting(truth, mirror), local)
        case .postgres(let truth):
            let noted = notingVersioned(truth, mirror)
            guard let url = settings.redis else {
                // Copies in the process, that the truth vouches for as for those in Redis.
                let cached = cache(around: noted, in: NoLogCache())
                var sharing = sharing(cached, local)
                sharing.encodedLog = cached
                sharing.wrappers = [cached]
                return sharing
            }
            let link = try link(to: url, setting: "redis", truth: truth, local, metrics)
            let cacheSettings = CacheSettings(lifetime: settings.cacheLifetime, limit: settings.cacheLimit)
            let cached = cache(around: noted, in: RedisLogCache(link.client, settings: cacheSettings))
            var sharing = sharing(cached, truth: truth, link)
            sharing.encodedLog = cached
            sharing.wrappers = [cached]
            return sharing
        case .redis(let opened):
            // No cache: what it would be kept in is as far as the truth itself.
            let truth = opened.store
            let (url, key) = try settings.redis.map { ($0, "redis") } ?? (settings.redisOfStore(), "store")
            let noted = notingVersioned(truth, mirror)
            return sharing(noted, truth: truth, try link(to: url, setting: key, truth: truth, local, metrics))
        }
    }

    /// What connects instances, over a Redis that may be lost at any time.
    private struct Link {
        let client: any RedisService
        let subscriber: RedisSubscriber
        let bus: RedisEventBus
    }

    private func link(
        to url: RedisURL,
        setting: String,
        truth: any ChangeSource,
        _ local: InProcessEventBus,
        _ metrics: BusMetrics
    ) throws -> Link {
        var configuration = RedisConfiguration(url: url)
        configuration.clientName = "parley"
        let client = try redis(setting) { () throws(RedisError) in try configuration.makeClient(logger: logger) }
        configuration.clientName = "parley-events"
        let subscriber = try redis(setting) { () throws(RedisError) in
            try RedisSubscriber(configuration, logger: logger)
        }
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
        return Link(client: client, subscriber: subscriber, bus: bus)
    }

    /// What instances have in common.
    private func sharing(_ conversations: any ConversationStore, truth: any VersionedStore, _ link: Link) -> Sharing {
        let client = link.client
        return Sharing(
            conversations: conversations,
            versions: truth,
            bus: link.bus,
            streams: link.bus,
            limiter: RedisRateLimiter(client: client, fallback: InProcessRateLimiter()),
            clients: [client, link.subscriber],
            connected: { try await client.waitUntilConnected() },
            // Without it everything is answered all the same, only slower.
            check: HealthCheck(name: "redis", isNeeded: false) {
                _ = try await client.forEachMaster { _ = try await $0.send(["PING"]) }
            }
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

    private func cache(around truth: any VersionedStore, in cache: any LogCache) -> CachedStore {
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
    private func redis<Value>(_ setting: String, _ make: () throws(RedisError) -> Value) throws -> Value {
        do throws(RedisError) { return try make() } catch {
            throw InvalidSettings(problems: [SettingProblem(key: setting, reason: error.message)])
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

extension Settings {
    /// The Redis that conversations are kept in.
    fileprivate func redisOfStore() throws -> RedisURL {
        guard case .redis(let url) = store else { throw ParleyError.invalid("store", "must be the URL of a Redis") }
        return try RedisURL(url)
    }
}
