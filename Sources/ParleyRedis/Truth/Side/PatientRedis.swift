import ParleyCore
public import RedisWire

/// Sends to a Redis that conversations are kept in, where the cache's haste would be wrong: a master that is being replaced,
/// or a server that still loads its data, is waited for a while.
///
/// Only what was certainly not run is sent again; what may have run fails, and its caller finds out by repeating it.
public struct PatientRedis: RedisCommanding {
    /// How often a server that still loads is asked.
    private static let interval = Duration.milliseconds(100)

    private let redis: any RedisCommanding
    private let waitUntilConnected: @Sendable () async throws -> Void
    private let patience: Duration
    private let clock: any Clock<Duration>

    /// Makes a sender.
    ///
    /// - Parameters:
    ///   - redis: What is sent to.
    ///   - patience: How long a command may wait for a server that takes it.
    ///   - clock: What that is measured by.
    ///   - waitUntilConnected: Returns when there is a connection.
    public init(
        _ redis: any RedisCommanding,
        patience: Duration = .seconds(5),
        clock: any Clock<Duration> = ContinuousClock(),
        waitUntilConnected: @escaping @Sendable () async throws -> Void
    ) {
        self.redis = redis
        self.patience = patience
        self.clock = clock
        self.waitUntilConnected = waitUntilConnected
    }

    /// Sends a command and waits for its answer.
    public func send(_ command: RedisCommand, within timeout: Duration?) async throws(RedisError) -> RedisReply {
        try await patiently { () async throws(RedisError) in try await redis.send(command, within: timeout) }
    }

    /// Runs a script.
    public func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument],
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        try await patiently { () async throws(RedisError) in
            try await redis.run(script, keys: keys, arguments: arguments, within: timeout)
        }
    }

    /// Gives each master in turn to `body`.
    public func forEachMaster<Value: Sendable>(
        _ body: (_ master: any RedisCommanding) async throws -> Value
    ) async throws -> [Value] {
        try await redis.forEachMaster(body)
    }

    /// The keys in groups that may stand in one command.
    public func groups(ofKeys keys: [RedisArgument]) -> [[RedisArgument]] { redis.groups(ofKeys: keys) }

    private func patiently(
        _ attempt: () async throws(RedisError) -> RedisReply
    ) async throws(RedisError) -> RedisReply {
        var left = patience
        while true {
            do throws(RedisError) {
                return try await attempt()
            } catch {
                guard left > .zero, await wait(for: error, &left) else { throw error }
            }
        }
    }

    /// Waits until it is worth trying again; false where it never is.
    private func wait(for error: RedisError, _ left: inout Duration) async -> Bool {
        let wait: @Sendable () async throws -> Void
        if error.code == .notConnected {
            wait = waitUntilConnected
        } else if let code = error.serverCode, [.loading, .masterDown, .busy, .clusterDown, .tryAgain].contains(code) {
            wait = { [clock] in try await clock.sleep(for: Self.interval) }
        } else {
            return false
        }
        let allowed = left
        // Each wait takes some of it, so that a connection that goes at once each time is not tried for ever.
        left -= Self.interval
        do {
            left -= try await elapsed(within: allowed, wait)
            return true
        } catch {
            // Time is up, the client is closed, or whoever asked has gone: what was said first is what is told.
            return false
        }
    }

    private func elapsed(
        within allowed: Duration,
        _ work: @escaping @Sendable () async throws -> Void
    ) async throws -> Duration {
        try await Self.measure(on: clock) { try await withDeadline(allowed, clock: clock, work) }
    }

    private static func measure<C: Clock<Duration>>(
        on clock: C,
        _ work: () async throws -> Void
    ) async throws -> Duration {
        let start = clock.now
        try await work()
        return start.duration(to: clock.now)
    }
}
