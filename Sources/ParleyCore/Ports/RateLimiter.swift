/// Says who must wait, in one process or for all instances.
public protocol RateLimiter: Sendable {
    /// Takes one from the budget of `key`; returns how long to wait where it is empty, and then takes nothing.
    func take(_ key: String, from limit: RateLimit) async -> Duration?
}

/// A budget that refills steadily, by the generic cell rate algorithm.
public struct RateLimit: Hashable, Sendable {
    /// What the budget is for: part of the key.
    public let name: String
    /// How long one costs.
    public let interval: Duration
    /// How many may come at once.
    public let burst: Int

    /// Makes a limit of `count` per `period`, of which `burst` may come at once.
    public init(name: String, _ count: Int, per period: Duration, burst: Int) {
        self.init(name: name, interval: period / count, burst: burst)
    }

    private init(name: String, interval: Duration, burst: Int) {
        self.name = name
        self.interval = interval
        self.burst = burst
    }

    /// What all who call from one address have together, where this is one person's: ten times as much, so that a team
    /// behind one address can work, and somebody with many names can't take more than a team.
    public var ofAddress: RateLimit {
        RateLimit(name: name, interval: interval / 10, burst: burst * 10)
    }

    /// New conversations of one person: 60 a minute.
    public static let newConversations = RateLimit(name: "conversations", 60, per: .seconds(60), burst: 60)
    /// Chat turns of one person: 10 a second.
    public static let turns = RateLimit(name: "turns", 10, per: .seconds(1), burst: 20)
    /// Appends of one person: 200 a second.
    public static let appends = RateLimit(name: "appends", 200, per: .seconds(1), burst: 1000)
    /// Imports of one person: 10 a minute; each is a body of megabytes.
    public static let imports = RateLimit(name: "imports", 10, per: .seconds(60), burst: 10)
    /// New accounts from one address: 30 a minute, so that a team behind one address can begin together.
    public static let registrations = RateLimit(name: "registrations", 30, per: .seconds(60), burst: 30)
    /// Sign-in attempts for one account, and from one address: 10 a minute.
    public static let signIns = RateLimit(name: "sign-ins", 10, per: .seconds(60), burst: 10)
}

/// Lets everyone go on: what `limits.rates=off` means.
public struct NoRateLimiter: RateLimiter {
    /// Makes it.
    public init() {}

    /// Never asks anyone to wait.
    public func take(_ key: String, from limit: RateLimit) async -> Duration? { nil }
}
