public import Logging
public import ParleyCore
public import RedisWire
public import ServiceLifecycle

/// A Redis that is the truth, with the connection that its store uses.
public struct OpenedRedis: Sendable {
    /// What is kept there.
    public let store: RedisStore
    /// Keeps the connection up; it must end after everything that uses the store.
    public let client: any Service

    /// Looks at a Redis, and makes a store over it; `client` must run for as long as that is used.
    ///
    /// A server that is still starting is waited for, half a minute long.
    ///
    /// - Parameters:
    ///   - url: Where Redis is.
    ///   - clock: Tells the times that are stored.
    ///   - ids: Makes the ids that are stored.
    ///   - logger: Takes faults of Redis, and what of its settings may lose writes; never a text of a message.
    /// - Returns: The store, and what keeps its connection.
    /// - Throws: ``ParleyCore/ParleyError`` with code `unavailable`, whose message says what the operator can do;
    ///   ``RedisWire/RedisError/Code/invalidConfiguration`` where the URL's files can't be read.
    public static func open(
        _ url: RedisURL,
        clock: any WallClock = SystemClock(),
        ids: any IDMaker = UUIDv7Maker(),
        logger: Logger
    ) async throws -> OpenedRedis {
        try await open(url, patience: .seconds(30), clock: clock, ids: ids, logger: logger)
    }

    static func open(
        _ url: RedisURL,
        patience: Duration,
        clock: any WallClock,
        ids: any IDMaker,
        logger: Logger
    ) async throws -> OpenedRedis {
        let configuration = configuration(for: url)
        try await look(at: configuration, patience, logger)
        let client = try configuration.makeClient(logger: logger)
        let redis = PatientRedis(client) { try await client.waitUntilConnected() }
        return OpenedRedis(store: RedisStore(redis, clock: clock, ids: ids, logger: logger), client: client)
    }

    /// What a truth may cost: seconds where the cache has milliseconds.
    static func configuration(for url: RedisURL) -> RedisConfiguration {
        var configuration = RedisConfiguration(url: url)
        configuration.clientName = "parley-store"
        configuration.connectTimeout = .seconds(3)
        configuration.commandTimeout = .seconds(10)
        // A page of the longest messages there may be, also where most of their letters are escaped, and a fork of many.
        configuration.maxBytes = 256 * 1024 * 1024
        configuration.limits.replyBytes = 256 * 1024 * 1024
        // There is nobody else to ask, so it is never left alone.
        configuration.failuresToOpen = .max
        return configuration
    }

    /// Looks, over a connection of its own, whether conversations can be kept there, and says what is not as it should be.
    private static func look(at configuration: RedisConfiguration, _ patience: Duration, _ logger: Logger) async throws
    {
        // That it does not connect is said once, in the end.
        var quiet = logger
        quiet.logLevel = .critical
        let client = try configuration.makeClient(logger: quiet)
        let reports = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            defer { group.cancelAll() }
            let redis = PatientRedis(client, patience: patience) { try await client.waitUntilConnected() }
            do {
                // Answers as soon as all of it can be reached.
                _ = try await redis.send(["EXISTS", .string(SideKeys.people)])
                return try await redis.forEachMaster { try await RedisDurability.of($0) }
            } catch let error as RedisError {
                throw openingError(error)
            }
        }
        for report in reports { try report.requireUsable() }
        for warning in RedisDurability.warnings(of: reports) { logger.warning("\(warning)") }
    }

    private static func openingError(_ error: RedisError) -> any Error {
        if error.code == .cancelled { return CancellationError() }
        // What kept it from connecting says more than that it is not connected.
        let reason = error.code == .notConnected ? error.cause as? RedisError ?? error : error
        return ParleyError.unavailable(
            "Redis could not be opened: \(reason.message)",
            retryAfter: RedisDurability.mendingTime,
            cause: reason
        )
    }
}
