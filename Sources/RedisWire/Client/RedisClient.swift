public import Logging
public import NIOCore
public import NIOPosix
public import ServiceLifecycle
import Synchronization

/// A client of one Redis: one connection that all tasks share, kept up by ``run()``.
///
/// Nothing waits for Redis to come back. While there is no connection, or Redis has failed several times in a row, a
/// command fails at once; what is under way when the connection breaks fails too, and is never sent a second time, since
/// it may have run. The caller decides what to do without Redis.
public final class RedisClient: Service {
    private struct State {
        var connection: RedisConnection?
        var breaker: CircuitBreaker
        var lastFailure: RedisError?
        var isOver = false
        var nextID = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let link: RedisLink
    private let time: RedisTime
    private let followsMaster: Bool
    private let state: Mutex<State>

    /// Makes a client; nothing is connected before ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: Where Redis is, and what it may cost.
    ///   - group: The event loops; by default those that all of the process shares.
    ///   - logger: Where the coming and going of connections is noted.
    ///   - time: The time that pauses and the breaker go by.
    ///   - random: What makes pauses uneven.
    /// - Throws: ``RedisError/Code/invalidConfiguration`` when the URL is that of a cluster, or the files of TLS can't be read.
    public convenience init(
        _ configuration: RedisConfiguration,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger,
        time: RedisTime = .continuous,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) throws(RedisError) {
        if case .cluster = configuration.url.target {
            throw RedisError(.invalidConfiguration, "A cluster takes a client of its own.")
        }
        let connector = try RedisConnector(configuration, group: group, logger: logger)
        self.init(connector, logger: logger, time: time, random: random)
    }

    /// Makes a client of what a connector connects to.
    init(
        _ connector: RedisConnector,
        logger: Logger,
        time: RedisTime,
        random: any RandomNumberGenerator & Sendable
    ) {
        let configuration = connector.configuration
        link = RedisLink(
            connector: connector,
            configuration: configuration,
            time: time,
            random: random,
            logger: logger
        )
        self.time = time
        if case .sentinels = configuration.url.target { followsMaster = true } else { followsMaster = false }
        let breaker = CircuitBreaker(
            failuresToOpen: configuration.failuresToOpen,
            interval: configuration.probeInterval
        )
        state = Mutex(State(breaker: breaker))
    }

    /// Whether there is a connection.
    public var isConnected: Bool { state.withLock { $0.connection != nil } }

    /// Why the last connection ended or could not be made.
    public var lastFailure: RedisError? { state.withLock(\.lastFailure) }

    /// Whether Redis has failed so often that commands are refused.
    public var isRefusing: Bool {
        state.withLock { state in
            if case .closed = state.breaker.state { false } else { true }
        }
    }

    /// How many commands are under way.
    public var commandsUnderWay: Int { state.withLock(\.connection)?.commandsUnderWay ?? 0 }

    /// Keeps the connection up until the task is cancelled or a graceful shutdown begins.
    public func run() async {
        await cancelWhenGracefulShutdown { [self] in
            await link.run(
                use: { [self] in opened($0) },
                ended: { [self] in ended($0) }
            )
        }
        let waiting = state.withLock { state in
            state.isOver = true
            return state.waiting.take()
        }
        for waiter in waiting.values { waiter.resume() }
    }

    /// Sends a command and waits for its answer.
    ///
    /// When the task is cancelled the wait ends at once; the command may still run.
    ///
    /// - Parameters:
    ///   - command: What to send.
    ///   - timeout: How long the answer may take; `nil` for what the configuration says. When it is over, the connection is
    ///     closed with everything on it, since Redis answers in order only.
    /// - Returns: The answer, which is no error.
    /// - Throws: ``RedisError/Code/server`` when Redis answers with an error, else why there is no answer.
    public func send(_ command: RedisCommand, within timeout: Duration? = nil) async throws(RedisError) -> RedisReply {
        try await send(command, isAsking: false, within: timeout)
    }

    /// Sends a command; one that is asking says before that the node was named for it though its slot is elsewhere.
    func send(
        _ command: RedisCommand,
        isAsking: Bool,
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        let connection = try admit()
        do throws(RedisError) {
            let reply = try await connection.send(command, isAsking: isAsking, within: timeout)
            state.withLock { $0.breaker.succeeded() }
            return reply
        } catch  where error.code == .server {
            state.withLock { $0.breaker.succeeded() }
            if followsMaster, error.serverCode == .readOnly {
                connection.close(RedisError(.connectionLost, "The server is no longer the master.", cause: error))
            }
            throw error
        }
    }

    /// Runs a script: by its hash, and where Redis doesn't know that, by its source.
    ///
    /// - Parameters:
    ///   - script: What to run.
    ///   - keys: The keys it uses, all of them.
    ///   - arguments: Its other arguments.
    ///   - timeout: How long each of the two answers may take; `nil` for what the configuration says.
    /// - Returns: What the script returns.
    /// - Throws: As ``send(_:within:)``.
    public func run(
        _ script: RedisScript,
        keys: [RedisArgument] = [],
        arguments: [RedisArgument] = [],
        within timeout: Duration? = nil
    ) async throws(RedisError) -> RedisReply {
        do throws(RedisError) {
            return try await send(script.call(keys: keys, arguments: arguments), within: timeout)
        } catch  where error.serverCode == .noScript {
            return try await send(script.introduction(keys: keys, arguments: arguments), within: timeout)
        }
    }

    /// Waits until there is a connection; at once when there is.
    ///
    /// - Throws: ``RedisError/Code/closed`` after a shutdown, ``RedisError/Code/cancelled`` when the task is cancelled.
    public func waitUntilConnected() async throws(RedisError) {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    // The cancellation's handler may have run before: then nobody else would wake this.
                    guard state.connection == nil, !state.isOver, !Task.isCancelled else { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
        guard !Task.isCancelled else { throw RedisError(.cancelled, "The task that waited was cancelled.") }
        guard !state.withLock(\.isOver) else { throw Self.closed }
    }

    private func admit() throws(RedisError) -> RedisConnection {
        let outcome = state.withLock { state -> Result<RedisConnection, RedisError> in
            guard !state.isOver else { return .failure(Self.closed) }
            guard let connection = state.connection else {
                let error = RedisError(.notConnected, "There is no connection to Redis.", cause: state.lastFailure)
                return .failure(error)
            }
            guard state.breaker.admits(at: time.now) else {
                let error = RedisError(.refusedByBreaker, "Redis has failed too often.", cause: state.lastFailure)
                return .failure(error)
            }
            return .success(connection)
        }
        return try outcome.get()
    }

    private func opened(_ connection: RedisConnection) {
        let waiting = state.withLock { state in
            state.connection = connection
            return state.waiting.take()
        }
        for waiter in waiting.values { waiter.resume() }
    }

    private func ended(_ reason: RedisError) {
        state.withLock { state in
            state.connection = nil
            guard reason.code != .closed else { return }
            state.lastFailure = reason
            state.breaker.failed(at: time.now)
        }
    }

    private static let closed = RedisError(.closed, "The client has been shut down.")
}

extension Dictionary {
    /// Takes everything out.
    fileprivate mutating func take() -> Self {
        defer { self = [:] }
        return self
    }
}
