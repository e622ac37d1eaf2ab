import Hummingbird
import Logging
import Metrics
import NIOPosix
import ParleyAuth
import ParleyChat
import ParleyCore
import ParleyMetrics
import ParleySQLite
import ParleyServer
import ParleyStore
import PrometheusMetrics
import ServiceLifecycle

/// Someone who calls: a bearer token, a conversation to append to, and one with a history to read.
struct Person: Sendable {
    let identity: Identity
    let token: String
    let log: ConversationID
    let history: ConversationID
}

/// What a server stands on.
struct Foundations {
    var conversations: any ConversationStore
    var encodedLog: (any EncodedLogReader)?
    var accounts: any AccountStore
    var queryLog: any QueryLog
    var bus: any EventBus = InProcessEventBus()
}

extension Foundations {
    init(_ database: SQLiteStore) {
        self.init(conversations: database, accounts: database, queryLog: database)
    }
}

/// Parley as `parley serve` wires it, with the rate limits off.
struct ParleyUnderTest {
    /// More than the 50 that are read, so that the read does not end with the log.
    private static let historyLength = 100

    /// As the routes have it.
    let store: PublishingStore
    private let dependencies: ServerDependencies
    private let registry: ReplyRegistry
    private let issuer: TokenIssuer

    init(
        over foundations: Foundations,
        provider: any ReplyProvider,
        ids: any IDMaker,
        metrics: Bool,
        logger: Logger
    ) throws {
        let factory: any MetricsFactory = metrics ? PrometheusRegistry() : NOOPMetricsHandler.instance
        let (database, bus) = (foundations.conversations, foundations.bus)
        let clock = SystemClock()
        let secret = HMACSecret(kid: nil, bytes: Array("a secret for measuring, known to all".utf8))
        let tokens = TokenSettings(keys: [secret])
        let limiter = NoRateLimiter()
        store = PublishingStore(metrics ? MeasuredStore(database, factory: factory) : database, bus: bus)
        registry = ReplyRegistry(store: store, logger: logger)
        issuer = try TokenIssuer(secret: secret, settings: tokens)
        dependencies = ServerDependencies(
            store: store,
            encodedLog: foundations.encodedLog,
            accounts: AccountService(
                accounts: foundations.accounts,
                hasher: PasswordHasher(pool: .singleton),
                limiter: limiter,
                clock: clock,
                signup: .closed,
                logger: logger
            ),
            tokens: try TokenVerifier(settings: tokens, logger: logger),
            origins: OriginPolicy(allowed: []),
            chat: ChatService(
                store: store,
                bus: bus,
                provider: provider,
                queryLog: foundations.queryLog,
                registry: registry,
                clock: clock,
                logger: logger,
                metrics: ReplyMetrics(factory: factory)
            ),
            limiter: limiter,
            ids: ids,
            checks: [],
            logger: logger,
            metrics: ServerMetrics(factory: factory, slowRequest: metrics ? .seconds(1) : nil)
        )
    }

    /// The server and what it needs beside it.
    func services(onRunning: @escaping @Sendable (Int) async -> Void) -> [any Service] {
        [ParleyServer.application(dependencies, address: .init(port: 0), onRunning: onRunning), registry]
    }

    /// Makes people, each with a token and conversations of their own.
    func people(_ count: Int) async throws -> [Person] {
        var people: [Person] = []
        for number in 0..<count {
            guard let email = EmailAddress("caller\(number)@bench.example") else { continue }
            let identity = Identity(email: email, department: "bench")
            let log = try await store.createConversation(NewConversation(), as: identity)
            let history = try await store.createConversation(NewConversation(), as: identity)
            let messages = (0..<Self.historyLength).map { place in
                NewMessage(
                    role: place.isMultiple(of: 2) ? .user : .assistant,
                    content: SampleText.message(number * Self.historyLength + place)
                )
            }
            _ = try await store.appendMessages(messages, to: history.value.id, expectedRevision: nil, as: identity)
            people.append(
                Person(
                    identity: identity,
                    token: try await issuer.token(for: identity, lifetime: .seconds(24 * 60 * 60)),
                    log: log.value.id,
                    history: history.value.id
                )
            )
        }
        return people
    }
}
