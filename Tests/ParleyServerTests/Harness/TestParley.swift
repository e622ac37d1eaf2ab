import Hummingbird
import HummingbirdTesting
import Logging
import NIOPosix
import ParleyAuth
import ParleyChat
import ParleyCore
import ParleyLive
import ParleyMetrics
import ParleyServer
import ParleyStore
import ParleyTesting
import PrometheusMetrics

/// A whole server over the reference store, for one test.
struct TestParley: Sendable {
    let store: PublishingStore
    let memory: MemoryStore
    let bus: InProcessEventBus
    let live: LiveHub
    let clock: ManualClock
    let client: ServerClient
    /// Every route, as `GET /api/conversations/{id}`.
    let routes: [String]
    private let issuer: TokenIssuer

    /// Runs `test` against a server of its own, and ends it, also on failure.
    static func run(
        _ setup: TestingSetup = .router,
        provider: any ReplyProvider = EchoProvider(delay: .zero),
        menu: ChatMenu = ChatMenu(),
        personas: Personas = Personas(),
        limiter: any RateLimiter = NoRateLimiter(),
        signup: SignupPolicy = .open,
        checks: [HealthCheck] = [],
        metrics: ServerMetrics = TestParley.metrics,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        operators: Set<EmailAddress> = [],
        keySet: KeySetSource? = nil,
        keySetStopwatch: any Clock<Duration> = ContinuousClock(),
        cached: ((MemoryStore) -> CachedStore)? = nil,
        assets: AssetFolder? = nil,
        _ test: @escaping @Sendable (TestParley) async throws -> Void
    ) async throws {
        let clock = ManualClock(SystemClock().now(), tick: .milliseconds(1))
        let memory = MemoryStore(clock: clock, ids: UUIDv7Maker(clock: clock))
        let bus = InProcessEventBus()
        let cachedStore = cached?(memory)
        let store = PublishingStore(cachedStore ?? memory, bus: bus)
        // In tests of many turns at once, one person plays all who ask.
        let registry = ReplyRegistry(store: store, capacityPerPerson: Limits.runningReplies, logger: logger)
        let secret = HMACSecret(kid: nil, bytes: Array("a secret of at least thirty-two bytes".utf8))
        let settings = TokenSettings(keys: [secret], keySet: keySet)
        let tokens = try TokenVerifier(
            settings: settings,
            clock: clock,
            logger: logger,
            stopwatch: keySetStopwatch
        )
        let pool = NIOThreadPool.singleton
        let live = LiveHub(
            store: store,
            bus: bus,
            ids: UUIDv7Maker(clock: clock),
            clock: clock,
            keepsRates: !(limiter is NoRateLimiter),
            logger: logger
        )
        var dependencies = ServerDependencies(
            store: store,
            encodedLog: cachedStore,
            accounts: AccountService(
                accounts: PublishingAccountStore(memory, bus: bus),
                hasher: PasswordHasher(pool: pool, parameters: try .testing),
                limiter: limiter,
                clock: clock,
                signup: signup,
                logger: logger
            ),
            tokens: tokens,
            origins: OriginPolicy(allowed: ["https://listed.example"]),
            chat: ChatService(
                store: store,
                bus: bus,
                provider: provider,
                personas: personas,
                queryLog: memory,
                registry: registry,
                clock: clock,
                logger: logger
            ),
            limiter: limiter,
            ids: UUIDv7Maker(clock: clock),
            checks: checks,
            logger: logger,
            metrics: metrics
        )
        let wrappers: [any WrappingStore] = (cachedStore.map { [$0] } ?? []) + [store]
        dependencies.erasure = SettledErasure(memory, settling: wrappers)
        dependencies.assets = assets
        dependencies.live = live
        dependencies.batches = memory
        dependencies.menu = menu
        let watch = InstanceWatch(
            instance: "test/1",
            version: "0",
            sources: .init(
                metrics: MetricReader { _ in [] },
                live: { live.census },
                runningReplies: { registry.runningReplies },
                slowStatements: SlowStatements(),
                slowStatement: .milliseconds(500)
            ),
            clock: clock
        )
        if !operators.isEmpty {
            dependencies.desk = OperatorDesk(people: operators, usage: memory, watch: watch, clock: clock)
        }
        dependencies.clock = clock
        dependencies.allowsDeflate = true
        let routes = ParleyServer.router(dependencies).routes.map(\.description)
        let application = ParleyServer.application(dependencies, address: .init(port: 0))
        let issuer = try TokenIssuer(secret: secret, settings: settings, clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await registry.run() }
            group.addTask { await live.run() }
            group.addTask { await tokens.followKeySet(on: pool) }
            try await application.test(setup) { framework in
                try await ServerClient.with(framework) { client in
                    try await test(
                        TestParley(
                            store: store,
                            memory: memory,
                            bus: bus,
                            live: live,
                            clock: clock,
                            client: client,
                            routes: routes,
                            issuer: issuer
                        )
                    )
                }
            }
            group.cancelAll()
        }
    }

    /// A person who calls with a bearer token.
    func caller(_ identity: Identity) async throws -> Caller {
        Caller(client: client, headers: [.authorization: "Bearer \(try await token(of: identity))"])
    }

    /// A person's bearer token.
    func token(of identity: Identity, lasting lifetime: Duration = .seconds(3600)) async throws -> String {
        let identity = Identity(email: identity.email, department: identity.department ?? "tests")
        return try await issuer.token(for: identity, lifetime: lifetime)
    }

    /// Nothing is counted, and everyone may see that.
    static var metrics: ServerMetrics {
        let page = MetricsPage(contentType: PrometheusRegistry.contentType, readers: .everyone) { Array("\n".utf8) }
        return ServerMetrics(page: page)
    }

    /// Someone who calls without credentials.
    var anonymous: Caller { Caller(client: client, headers: [:]) }
}

extension ScryptParameters {
    /// As little work as scrypt can be, so that tests wait for nothing.
    fileprivate static var testing: ScryptParameters {
        get throws {
            guard let parameters = ScryptParameters(logRounds: 4, blockSize: 1, parallelism: 1) else {
                throw ParleyError(.internalError, "scrypt parameters for tests are out of range")
            }
            return parameters
        }
    }
}
