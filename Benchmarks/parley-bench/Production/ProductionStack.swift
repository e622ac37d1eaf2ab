import Foundation
import Logging
import NIOCore
import ParleyChat
import ParleyCore
import ParleyPostgres
import ParleyRedis
import ParleyStore
import RedisWire
import ServiceLifecycle

/// Parley over PostgreSQL and Redis as `parley serve` wires it, in three shapes over the same data.
struct ProductionStack: Sendable {
    /// All of it: the cache with its copies in this process.
    let cached: Targets
    /// The cache without copies in this process: each hot read also asks Redis.
    let shared: Targets
    /// No cache.
    let plain: Targets
    /// The parts of it, each around the one before.
    let truth: PostgresStore
    let cache: CachedStore
    let outermost: PublishingStore
    let redis: RedisClient
    let limiter: RedisRateLimiter

    /// Runs all of it while `body` runs.
    static func run(
        _ services: ThrowAwayServices,
        callers: Int,
        metrics: Bool,
        logger: Logger,
        _ body: (ProductionStack) async throws -> Void
    ) async throws {
        let settings = PostgresStoreSettings(url: services.postgresURL)
        let truth = try await PostgresStore.open(settings, logger: logger)
        try await withThrowingTaskGroup { group in
            group.addTask { await truth.run() }
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await run(services, truth, callers, metrics, logger, body))
            } catch {
                outcome = .failure(error)
            }
            truth.close()
            try await group.waitForAll()
            try outcome.get()
        }
    }

    private static func run(
        _ services: ThrowAwayServices,
        _ truth: PostgresStore,
        _ callers: Int,
        _ metrics: Bool,
        _ logger: Logger,
        _ body: (ProductionStack) async throws -> Void
    ) async throws {
        let configuration = RedisConfiguration(url: try RedisURL("redis://127.0.0.1:\(services.redisPort)/0"))
        let client = try RedisClient(configuration, logger: logger)
        let subscriber = try RedisSubscriber(configuration, logger: logger)
        let bus = RedisEventBus(client: client, subscriber: subscriber, source: truth, logger: logger)
        let ids = UUIDv7Maker()
        func cache(_ settings: CacheSettings) -> CachedStore {
            CachedStore(truth, cache: RedisLogCache(client, settings: settings), settings: settings)
        }
        func server(_ conversations: any ConversationStore, _ log: (any EncodedLogReader)?) throws -> ParleyUnderTest {
            let foundations = Foundations(
                conversations: conversations,
                encodedLog: log,
                accounts: truth,
                queryLog: truth,
                bus: bus
            )
            let provider = EchoProvider()
            return try ParleyUnderTest(
                over: foundations,
                provider: provider,
                ids: ids,
                metrics: metrics,
                logger: logger
            )
        }
        let (full, distant) = (cache(CacheSettings()), cache(CacheSettings(localBytes: 0)))
        let servers = try (server(full, full), server(distant, distant), server(truth, nil))
        func all(_ onRunning: @escaping @Sendable (Int) async -> Void) -> [any Service] {
            [client, subscriber, bus] + servers.0.services(onRunning: onRunning)
        }
        let people = try await servers.2.people(callers)
        try await Servers.running(all, logger) { cachedPort in
            try await Servers.running(servers.1.services, logger) { sharedPort in
                try await Servers.running(servers.2.services, logger) { plainPort in
                    let requests = RequestTexts(people: people)
                    let samples = try await Samples.fetch(requests, from: cachedPort)
                    try await Servers.running({ [BareServer(samples: samples).service(onRunning: $0)] }, logger) {
                        bare in
                        func targets(_ port: Int) -> Targets {
                            Targets(parleyPort: port, barePort: bare, upstreamPort: 0, requests: requests)
                        }
                        try await body(
                            ProductionStack(
                                cached: targets(cachedPort),
                                shared: targets(sharedPort),
                                plain: targets(plainPort),
                                truth: truth,
                                cache: full,
                                outermost: servers.0.store,
                                redis: client,
                                limiter: RedisRateLimiter(client: client, fallback: InProcessRateLimiter())
                            )
                        )
                    }
                }
            }
        }
    }

    /// Who calls.
    var people: [Person] { cached.requests.people }
}
