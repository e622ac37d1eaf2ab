/// How a connection is made and what it may cost.
public struct RedisConfiguration: Sendable {
    /// Where Redis is, and who one is there.
    public var url: RedisURL
    /// The name that `CLIENT LIST` shows; `nil` for none.
    public var clientName: String?
    /// How long it may take until a connection is ready: the network's, TLS's and Redis's greetings together.
    public var connectTimeout: Duration
    /// How long an answer may take where the caller doesn't say otherwise.
    public var commandTimeout: Duration
    /// How many commands may be under way.
    public var maxCommands: Int
    /// How many bytes of commands may be under way.
    public var maxBytes: Int
    /// What one reply may cost.
    public var limits: RESPLimits
    /// How long to wait before the next attempt to connect.
    public var backoff: RedisBackoff
    /// How many failures in a row make the client leave Redis alone.
    public var failuresToOpen: Int
    /// How often a command is let through while Redis is left alone, to see whether it is back.
    public var probeInterval: Duration
    /// How often the Sentinels are asked whether the master is still the same, and a subscriber's link is tried.
    public var checkInterval: Duration

    /// Makes a configuration with the defaults.
    public init(url: RedisURL) {
        self.url = url
        clientName = nil
        connectTimeout = .milliseconds(250)
        commandTimeout = .milliseconds(50)
        maxCommands = 4096
        maxBytes = 16 * 1024 * 1024
        limits = RESPLimits()
        backoff = RedisBackoff()
        failuresToOpen = 5
        probeInterval = .seconds(1)
        checkInterval = .seconds(5)
    }
}
