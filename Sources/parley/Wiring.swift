import AsyncHTTPClient
import Hummingbird
import Logging
import NIOPosix
import ParleyAuth
import ParleyChat
import ParleyCore
import ParleyMetrics
import ParleyOpenAI
import ParleySQLite
import ParleyServer
import ParleyStore
import ServiceLifecycle
import UnixSignals

/// Ends the streams that still listen when the server is shut down.
private struct BusEnding: Service {
    let bus: InProcessEventBus

    func run() async {
        // Cancelled instead: the listeners are, too.
        try? await gracefulShutdown()
        bus.shutDown()
    }
}

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
    private let clock = SystemClock()

    /// Opens the store that the settings name, for a server: nobody else may have it open.
    func openStore() async throws -> SQLiteStore {
        try await SQLiteStore.open(path: settings.databasePath, clock: clock, ids: ids, logger: logger)
    }

    /// Opens the store for a short command, also while a server has it open.
    func openStoreBesideServer() async throws -> SQLiteStore {
        try await SQLiteStore.openBesideServer(path: settings.databasePath, clock: clock, ids: ids, logger: logger)
    }

    private var ids: UUIDv7Maker { UUIDv7Maker(clock: clock) }

    /// What tokens must be, and the secret that signs what `parley token` makes, where there is one.
    ///
    /// Where neither a secret nor a key set is configured, a secret is made and kept beside the database.
    func tokenSettings() throws -> (settings: TokenSettings, signing: HMACSecret?) {
        let isBare = settings.secrets.isEmpty && settings.keySet == nil
        let keys = isBare ? [try ownSecret()] : settings.secrets
        let tokens = TokenSettings(
            keys: keys,
            issuer: settings.issuer,
            audience: settings.audience,
            identityClaim: settings.identityClaim
        )
        return (tokens, keys.first)
    }

    /// The gate for bearer tokens; keys that can't be used are a fault of the configuration.
    private func tokenVerifier(_ keySet: KeySetSource?) throws -> TokenVerifier {
        var tokens = try tokenSettings().settings
        tokens.keySet = keySet
        do {
            return try TokenVerifier(settings: tokens, clock: clock, logger: logger)
        } catch {
            let key = error.parameter ?? "jwt.secret"
            throw InvalidSettings(problems: [SettingProblem(key: key, reason: error.message)])
        }
    }

    /// Reads the files that the settings name, as a server would; makes none, and fetches nothing.
    func checkFiles() throws {
        if case .file(let path) = settings.keySet { _ = try tokenVerifier(.file(path)) }
    }

    private func keySet(_ client: HTTPClient) -> KeySetSource? {
        switch settings.keySet {
        case nil: nil
        case .file(let path): .file(path)
        case .url(let url): .published(HTTPKeySet(client: client, url: url))
        }
    }

    /// What is wrong with the file of the secret is wrong with the configuration: the operator mends it there.
    private func ownSecret() throws -> HMACSecret {
        do {
            return try SigningSecret.load(orMakeAt: settings.databasePath + ".secret")
        } catch {
            throw InvalidSettings(problems: [SettingProblem(key: "jwt.secret", reason: error.message)])
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
        let database = try await openStore()
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        let client = Self.httpClient()
        do {
            let tokens = try tokenVerifier(keySet(client))
            try await run(database, tokens, pool, client, onRunning)
        } catch {
            try await close(database, pool, client)
            throw error
        }
        try await close(database, pool, client)
    }

    /// The client for the model's server and for key sets, which follows no redirect.
    static func httpClient() -> HTTPClient {
        HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            configuration: OpenAIProvider.clientConfiguration
        )
    }

    private func close(_ database: SQLiteStore, _ pool: NIOThreadPool, _ client: HTTPClient) async throws {
        try await client.shutdown()
        try await pool.shutdownGracefully()
        try await database.close()
    }

    private func run(
        _ database: SQLiteStore,
        _ tokens: TokenVerifier,
        _ pool: NIOThreadPool,
        _ client: HTTPClient,
        _ onRunning: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let bus = InProcessEventBus()
        let store = PublishingStore(MeasuredStore(database, factory: watching.factory), bus: bus)
        let limiter = MeasuredRateLimiter(
            settings.keepsRates ? InProcessRateLimiter() : NoRateLimiter(),
            metrics: LimiterMetrics(limits: MeasuredRateLimiter.limits, factory: watching.factory)
        )
        let registry = ReplyRegistry(store: store, logger: logger)
        watching.watch(registry)
        let model = model(client)
        let chat = ChatService(
            store: store,
            bus: bus,
            provider: model ?? EchoProvider(),
            titles: settings.improvesTitles ? model : nil,
            personas: settings.personas,
            queryLog: database,
            registry: registry,
            clock: clock,
            logger: logger,
            metrics: ReplyMetrics(factory: watching.factory)
        )
        let dependencies = ServerDependencies(
            store: store,
            accounts: accounts(over: database, pool: pool, limiter: limiter),
            tokens: tokens,
            origins: OriginPolicy(allowed: settings.origins),
            chat: chat,
            limiter: limiter,
            ids: ids,
            checks: [HealthCheck(name: "store") { try await database.check() }],
            logger: logger,
            metrics: watching.serverMetrics(settings)
        )
        let server = ParleyServer.application(
            dependencies,
            address: ParleyServer.Address(host: settings.host, port: settings.port),
            onRunning: onRunning
        )
        // Ended from the last to the first: replies are finished or parked, then their streams, then the connections.
        var services: [any Service] = [server, BusEnding(bus: bus), registry]
        // A service that has nothing to do would end, and the others with it.
        if settings.keySet != nil { services.append(KeySetFollowing(tokens: tokens, pool: pool)) }
        var configuration = ServiceGroupConfiguration(
            services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Limits.shutdownTimeout
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The configured model; `nil` where the built-in echo answers.
    private func model(_ client: HTTPClient) -> (any ReplyProvider)? {
        guard let url = settings.modelURL else { return nil }
        return OpenAIProvider(
            client: client,
            settings: OpenAISettings(
                url: url,
                apiKey: settings.modelAPIKey,
                model: settings.modelName,
                sendsExtensions: settings.usesModelExtensions,
                firstTokenTimeout: settings.firstTokenTimeout,
                totalTimeout: settings.modelTimeout
            ),
            logger: logger
        )
    }
}
