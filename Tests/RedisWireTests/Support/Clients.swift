import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import RedisWire

/// Runs a client while `body` uses it.
func withClient<R: Sendable>(
    _ configuration: RedisConfiguration,
    time: RedisTime = .continuous,
    _ body: (RedisClient) async throws -> R
) async throws -> R {
    let client = try RedisClient(configuration, logger: Logger(label: "test"), time: time)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await client.run() }
        defer { group.cancelAll() }
        return try await body(client)
    }
}

/// Runs a client, and waits until it is connected, while `body` uses it.
func withConnectedClient<R: Sendable>(
    _ configuration: RedisConfiguration,
    time: RedisTime = .continuous,
    _ body: (RedisClient) async throws -> R
) async throws -> R {
    try await withClient(configuration, time: time) { client in
        try await client.waitUntilConnected()
        return try await body(client)
    }
}

/// Runs a subscriber while `body` uses it.
func withSubscriber<R: Sendable>(
    _ configuration: RedisConfiguration,
    time: RedisTime = .continuous,
    _ body: (RedisSubscriber) async throws -> R
) async throws -> R {
    let subscriber = try RedisSubscriber(configuration, logger: Logger(label: "test"), time: time)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await subscriber.run() }
        defer { group.cancelAll() }
        return try await body(subscriber)
    }
}

extension RedisClient {
    /// Sends a command until it succeeds: for after a fault, while the client finds its way back.
    @discardableResult
    func sendUntilItSucceeds(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        while true {
            do throws(RedisError) {
                return try await send(command)
            } catch {
                guard error.code != .closed, error.code != .cancelled else { throw error }
                try await waitUntilConnected()
                await Task.yield()
            }
        }
    }
}

extension RedisConfiguration {
    /// What makes the connections of a client.
    func connector() throws -> RedisConnector {
        try RedisConnector(self, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
    }
}

/// Names that no other test of this process uses.
enum Unique {
    private static let next = Atomic(0)

    static func name(_ prefix: String = "key") -> String {
        "\(prefix)-\(next.add(1, ordering: .relaxed).newValue)"
    }
}

/// The error that `body` throws.
func errorOf<R>(_ body: () async throws -> R) async -> RedisError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? RedisError
    }
}
