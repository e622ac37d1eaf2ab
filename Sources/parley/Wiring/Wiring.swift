import AsyncHTTPClient
import Hummingbird
import Logging
import NIOPosix
import ParleyAuth
import ParleyChat
import ParleyCore
import ParleyLive
import ParleyMetrics
import ParleyOpenAI
import ParleyServer
import ParleyStore
import ServiceLifecycle
import UnixSignals

/// Follows the key set for as long as the server runs.
private struct KeySetFollowing: Service {
    let tokens: TokenVerifier
    let pool: NIOThreadPool

    func run() async {
        await cancelWhenGracefulShutdown { await tokens.followKeySet(on: pool) }
    }
}

/// Builds Parley from its parts: the only place that sees drivers and features together.
struct Wiring {
    let settings: Settings
    let logger: Logger
    var watching = Watching.nothing
    let clock = SystemClock()

    var ids: UUIDv7Maker { UUIDv7Maker(clock: clock) }

    /// What tokens must be, and the secret that signs what `parley token` makes, where there is one.
    ///
    /// Where neither a secret nor a key set is configured, the server's own secret is used, and made where there is none:
    /// `store` is the opened one, if any is.
    func tokenSettings(in store: OpenedStore?) async throws -> (settings: TokenSettings, signing: HMACSecret?) {
        let isBare = settings.secrets.isEmpty && settings.keySet == nil
        let keys = isBare ? [try await ownSecret(in: store)] : settings.secrets
        let tokens = TokenSettings(
            keys: keys,
            issuer: settings.issuer,
            audience: settings.audience,
            identityClaim: settings.identityClaim
        )
        return (tokens, keys.first)
    }

    /// The gate for bearer tokens; keys that can't be used are a fault of the configuration.
    private func tokenVerifier(_ tokens: TokenSettings, _ keySet: KeySetSource?) throws -> TokenVerifier {
        var tokens = tokens
        tokens.keySet = keySet
        do {
            return try TokenVerifier(settings: tokens, clock: clock, logger: logger)
        } catch {
            let key = error.parameter ?? "jwt.secret"
            throw InvalidSettings(problems: [SettingProblem(key: key, reason: error.message)])
        }
    }

    /// Reads the files that the settings name, as a server would; makes none, and fetches nothing.
    func checkFiles() async throws {
        guard case .file(let path) = settings.keySet else { return }
        _ = try tokenVerifier(try await tokenSettings(in: nil).settings, .file(path))
    }

    private func keySet(_ client: HTTPClient) -> KeySetSource? {
        switch settings.keySet {
        case nil: nil
        case .file(let path): .file(path)
        case .url(let url): .published(HTTPKeySet(client: client, url: url))
        }
    }

    /// Sign-up and sign-in over a store.
    func accounts(over store: any AccountStore, pool: NIOThreadPool, limiter: any RateLimiter) -> AccountService {
        AccountService(
            accounts: store,
            hasher: PasswordHasher(pool: pool),
            limiter: limiter,
            clock: clock,
            signup: settings.effectiveSignup,
            logger: logger
        )
    }

    /// Runs the server until it is told to stop.
    func serve(onRunning: @escaping @Sendable (Int) async -> Void) async throws {
        // First, since its error says best what is wrong with the directory that the signing secret is kept in too.
        try await openStore().use { store in
            let pool = NIOThreadPool(numberOfThreads: 2)
            pool.start()
            let client = Self.httpClient()
            do {
                let tokens = try tokenVerifier(try await tokenSettings(in: store).settings, keySet(client))
                try await run(store, tokens, pool, client, onRunning)
            } catch {
                try await Self.close(pool, client)
                throw error
            }
            try await Self.close(pool, client)
        }
    }

    /// The client for the model's server and for key sets, which follows no redirect.
    static func httpClient() -> HTTPClient {
        HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            configuration: OpenAIProvider.clientConfiguration
        )
    }

    private static func close(_ pool: NIOThreadPool, _ client: HTTPClient) async throws {
        try await client.shutdown()
        try await pool.shutdownGracefully()
    }

    private func run(
        _ opened: OpenedStore,
        _ tokens: TokenVerifier,
        _ pool: NIOThreadPool,
        _ client: HTTPClient,
        _ onRunning: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let copy = lateMirror
        let mirror = copy.map { makeMirror(of: opened, in: $0) }
        let shared = try sharing(opened, mirror: mirror)
        let store = PublishingStore(
            MeasuredStore(shared.conversations, factory: watching.factory),
            bus: shared.bus
        )
        let limiter = MeasuredRateLimiter(
            settings.keepsRates ? shared.limiter : NoRateLimiter(),
            metrics: LimiterMetrics(limits: MeasuredRateLimiter.limits, factory: watching.factory)
        )
        let registry = ReplyRegistry(store: store, logger: logger)
        watching.watch(registry)
        let server = modelServer
        let model = server.map { OpenAIProvider(client: client, settings: $0, logger: logger) }
        let chat = ChatService(
            store: store,
            bus: shared.bus,
            provider: model ?? EchoProvider(),
            titles: settings.improvesTitles ? model : nil,
            personas: settings.personas,
            queryLog: noting(opened.queryLog, mirror),
            registry: registry,
            clock: clock,
            logger: logger,
            metrics: ReplyMetrics(factory: watching.factory)
        )
        var dependencies = ServerDependencies(
            store: store,
            accounts: accounts(
                over: PublishingAccountStore(noting(opened.accounts, mirror), bus: shared.bus),
                pool: pool,
                limiter: limiter
            ),
            tokens: tokens,
            origins: OriginPolicy(allowed: settings.origins),
            chat: chat,
            limiter: limiter,
            ids: ids,
            checks: [
                HealthCheck(name: "store", warnings: { try await opened.warnings() }) { try await opened.check() }
            ] + (shared.check.map { [$0] } ?? []),
            logger: logger,
            metrics: watching.serverMetrics(settings),
            pool: pool
        )
        let hub = LiveHub(
            store: store,
            bus: shared.bus,
            versions: shared.versions,
            ids: ids,
            clock: clock,
            keepsRates: settings.keepsRates,
            metrics: dependencies.metrics.live,
            logger: logger
        )
        dependencies.live = hub
        dependencies.batches = noting(opened.batches, mirror)
        if let copy {
            // Everything is answered all the same, and brought over later.
            dependencies.checks.append(HealthCheck(name: "mirror", isNeeded: false) { try await copy.check() })
        }
        // From the first moment of a shutdown on nobody is to be sent here.
        dependencies.checks.append(HealthCheck(name: "server") { try hub.check() })
        if let server { dependencies.menu = menu(server, client) }
        var erasure: any ErasureStore = SettledErasure(opened.erasure, settling: shared.wrappers + [store])
        if let copy, let mirror { erasure = MirrorErasureStore(erasure, copy: copy, noting: mirror) }
        dependencies.erasure = erasure
        dependencies.allowsDeflate = settings.compressesSockets
        dependencies.assets = settings.assets.map(AssetFolder.init)
        dependencies.proxies = settings.proxies
        dependencies.encodedLog = shared.encodedLog
        dependencies.desk = desk(opened, hub, registry)
        let application = ParleyServer.application(
            dependencies,
            address: ParleyServer.Address(host: settings.host, port: settings.port),
            onRunning: onRunning
        )
        // Ended from the last to the first: sockets are sent elsewhere at once, replies are finished or parked, then their
        // streams, then the mirror, then the connections.
        let writers = ([copy, mirror] as [(any Service)?]).compactMap(\.self)
        var services: [any Service] = shared.clients + writers + [application, shared.streams, registry, hub]
        services.append(expiry(of: erasure))
        // A service that has nothing to do would end, and the others with it.
        if settings.keySet != nil { services.append(KeySetFollowing(tokens: tokens, pool: pool)) }
        if let desk = dependencies.desk { services.append(InstanceWatching(watch: desk.watch)) }
        var configuration = ServiceGroupConfiguration(
            services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Limits.shutdownTimeout
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The configured model's server; `nil` where the built-in echo answers.
    private var modelServer: OpenAISettings? {
        settings.modelURL.map { url in
            OpenAISettings(
                url: url,
                apiKey: settings.modelAPIKey,
                model: settings.modelName,
                sendsExtensions: settings.usesModelExtensions,
                firstTokenTimeout: settings.firstTokenTimeout,
                totalTimeout: settings.modelTimeout
            )
        }
    }

    /// What people may choose from, of the models of a server.
    private func menu(_ server: OpenAISettings, _ client: HTTPClient) -> ChatMenu {
        ChatMenu(
            ChatChoices(
                models: settings.modelNames,
                defaultModel: settings.modelName,
                filters: settings.modelFilters
            ),
            catalog: OpenAIModelCatalog(client: client, settings: server)
        )
    }
}
