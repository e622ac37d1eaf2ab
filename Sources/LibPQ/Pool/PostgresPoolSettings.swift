/// How many connections there are and how they are lent.
public struct PostgresPoolSettings: Sendable {
    /// How each connection is made.
    public var connection: PostgresSettings
    /// How many connections there are.
    public var size = 8
    /// How many may wait for one; the next fails with `exhausted`.
    public var waitingLimit = 2048
    /// How long one waits for a connection before it fails with `exhausted`.
    public var acquireTimeout = Duration.seconds(1)
    /// Is told how long somebody waited for a connection who got none at once, also in vain.
    public var waited: (@Sendable (Duration) -> Void)?
    /// How long to wait before connecting anew.
    public var backoff = PostgresBackoff(first: .milliseconds(50), limit: .seconds(1))

    /// Takes how a connection is made, and for the rest what is usual.
    public init(_ connection: PostgresSettings) {
        self.connection = connection
    }
}

/// What a set of connections is doing, for metrics.
public struct PostgresPoolStatus: Hashable, Sendable {
    /// How many connections there are.
    public let open: Int
    /// How many loans are out.
    public let lent: Int
    /// How many wait for a connection.
    public let waiting: Int
}
