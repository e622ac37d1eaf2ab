public import Logging
public import ServiceLifecycle

/// Something that commands and scripts can be sent to: one Redis, or a cluster that sends each to the node that has its key.
public protocol RedisCommanding: Sendable {
    /// Sends a command and waits for its answer. In a cluster the first argument behind the command's name is its key.
    ///
    /// - Throws: ``RedisError/Code/server`` when Redis answers with an error, else why there is no answer.
    func send(_ command: RedisCommand, within timeout: Duration?) async throws(RedisError) -> RedisReply

    /// Runs a script: by its hash, and where Redis doesn't know that, by its source. All keys are of one slot; in a cluster
    /// there is at least one.
    ///
    /// - Throws: As ``send(_:within:)``.
    func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument],
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply

    /// Gives each master in turn to `body`: for what a node answers for itself only, such as `SCAN`, `CONFIG` and `INFO`.
    ///
    /// - Returns: What `body` returns, in the masters' order.
    /// - Throws: What `body` throws, and ``RedisError/Code/notConnected`` where not every master of a cluster is known.
    func forEachMaster<Value: Sendable>(
        _ body: (_ master: any RedisCommanding) async throws -> Value
    ) async throws -> [Value]

    /// The keys in groups that may stand in one command: by their slots in a cluster.
    func groups(ofKeys keys: [RedisArgument]) -> [[RedisArgument]]
}

extension RedisCommanding {
    /// Sends a command and waits for its answer, as long as the configuration says.
    ///
    /// - Throws: As ``send(_:within:)``.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        try await send(command, within: nil)
    }

    /// One Redis is its own master.
    public func forEachMaster<Value: Sendable>(
        _ body: (_ master: any RedisCommanding) async throws -> Value
    ) async throws -> [Value] {
        [try await body(self)]
    }

    /// One Redis takes all keys in one command.
    public func groups(ofKeys keys: [RedisArgument]) -> [[RedisArgument]] {
        keys.isEmpty ? [] : [keys]
    }
}

/// A client that keeps its connections up by itself while it runs.
public protocol RedisService: RedisCommanding, Service {
    /// Whether everything can be reached.
    var isConnected: Bool { get }

    /// Waits until everything can be reached; at once when it can.
    ///
    /// - Throws: ``RedisError/Code/closed`` after a shutdown, ``RedisError/Code/cancelled`` when the task is cancelled.
    func waitUntilConnected() async throws(RedisError)
}

extension RedisClient: RedisService {}

extension RedisConfiguration {
    /// Makes the client that the URL asks for: of one Redis, or of a cluster.
    ///
    /// Nothing is connected before it runs.
    ///
    /// - Throws: ``RedisError/Code/invalidConfiguration`` when the files of TLS can't be read.
    public func makeClient(logger: Logger) throws(RedisError) -> any RedisService {
        if case .cluster = url.target { return try RedisClusterClient(self, logger: logger) }
        return try RedisClient(self, logger: logger)
    }
}
