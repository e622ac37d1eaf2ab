public import Logging
public import NIOPosix
public import ParleyAuth
public import ParleyChat
public import ParleyCore
public import ParleyLive

/// Everything the server is given; Wiring makes it.
public struct ServerDependencies: Sendable {
    /// Where conversations live, with the event bus around it.
    public var store: any ConversationStore
    /// Hands out the newest messages as they go over the wire, where something keeps them so.
    public var encodedLog: (any EncodedLogReader)?
    /// Sign-up, sign-in and sessions.
    public var accounts: AccountService
    /// Reads bearer tokens.
    public var tokens: TokenVerifier
    /// Which origins a cookie may come from.
    public var origins: OriginPolicy
    /// Whose word about their clients is believed.
    public var proxies = TrustedProxies.loopback
    /// Turns with the model.
    public var chat: ChatService
    /// Says what may be chosen for a turn.
    public var menu = ChatMenu()
    /// Keeps connected tabs in step; without it there are no sockets and no streams of events.
    public var live: LiveHub?
    /// Erases people, with the event bus around it; without it nobody can erase themselves.
    public var erasure: (any ErasureStore)?
    /// Turns texts into HTML.
    public var rendering: RenderingQueue
    /// Whether sockets are compressed where their clients offer it.
    public var allowsDeflate = false
    /// Where the web app's files are, if they are not those in the binary.
    public var assets: AssetFolder?
    /// Says who must wait.
    public var limiter: any RateLimiter
    /// Makes request ids.
    public var ids: any IDMaker
    /// When an import happens.
    public var clock: any WallClock = SystemClock()
    /// What `/health/ready` asks.
    public var checks: [HealthCheck]
    /// Where the server logs.
    public var logger: Logger
    /// What the server counts, and to whom it shows that.
    public var metrics: ServerMetrics
    /// Remembers imports, so that they can be taken back; none where they can't.
    public var batches: (any ImportBatchStore)?
    /// Who operates the server, and what they are shown; none where nobody does.
    public var desk: OperatorDesk?

    /// Puts everything together; `pool` is where work runs that takes a thread for itself.
    public init(
        store: any ConversationStore,
        encodedLog: (any EncodedLogReader)? = nil,
        accounts: AccountService,
        tokens: TokenVerifier,
        origins: OriginPolicy,
        chat: ChatService,
        limiter: any RateLimiter,
        ids: any IDMaker,
        checks: [HealthCheck],
        logger: Logger,
        metrics: ServerMetrics = ServerMetrics(),
        pool: NIOThreadPool = .singleton
    ) {
        self.store = store
        self.encodedLog = encodedLog
        self.accounts = accounts
        self.tokens = tokens
        self.origins = origins
        self.chat = chat
        self.limiter = limiter
        self.ids = ids
        self.checks = checks
        self.logger = logger
        self.metrics = metrics
        rendering = RenderingQueue(pool: pool)
    }

    /// Takes one from a caller's budget; 429 where it is empty.
    func spend(_ limit: RateLimit, of identity: Identity) async throws(ParleyError) {
        try await spend(limit, of: identity.email.value)
    }

    /// Takes one from a caller's budget, and one from that of all who call from the address; 429 where either is empty.
    ///
    /// The caller's comes first: one who asks too much takes nothing from the others behind the same address.
    func spend(_ limit: RateLimit, of identity: Identity, at address: String) async throws(ParleyError) {
        try await spend(limit, of: identity)
        try await spend(limit.ofAddress, of: "address:" + NetworkAddress.network(of: address))
    }

    private func spend(_ limit: RateLimit, of key: String) async throws(ParleyError) {
        guard let wait = await limiter.take(key, from: limit) else { return }
        throw ParleyError(.rateLimited, "Too many \(limit.name) in a short time; wait a little.", retryAfter: wait)
    }
}

/// Something the server works with, and how to see whether it is well.
public struct HealthCheck: Sendable {
    /// Its name in `/health/ready`.
    public let name: String
    /// Whether the server is not ready without it.
    public let isNeeded: Bool
    /// What is not as it should be although it is well, in a sentence each; asked only where it is well.
    public let warnings: @Sendable () async throws -> [String]
    /// Returns when it is well, throws when not.
    public let check: @Sendable () async throws -> Void

    /// Names a check.
    public init(
        name: String,
        isNeeded: Bool = true,
        warnings: @escaping @Sendable () async throws -> [String] = { [] },
        check: @escaping @Sendable () async throws -> Void
    ) {
        self.name = name
        self.isNeeded = isNeeded
        self.warnings = warnings
        self.check = check
    }
}
