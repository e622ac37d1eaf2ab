import Logging
import ParleyTesting
import Testing

@testable import RedisWire

extension TestRedisCluster {
    /// The nodes' places.
    var endpoints: [RedisEndpoint] { ports.map { RedisEndpoint(host: "127.0.0.1", port: $0) } }

    /// A configuration whose deadlines no busy machine misses.
    func configuration(seeds: [RedisEndpoint]? = nil) -> RedisConfiguration {
        .patient(port: 1) { $0.target = .cluster(seeds ?? endpoints) }
    }

    /// The place of the node that had a key's slot when the cluster was made.
    func firstOwner(of key: String) -> Int {
        let slot = RedisSlot(ofKey: .string(key)).number
        // The shares that `scripts/redis` makes.
        return (0..<3).last { RedisSlot.count * $0 / 3 <= slot } ?? 0
    }

    /// A name that no other test uses, whose slot a node had when the cluster was made.
    func name(ownedBy node: Int) -> String {
        while true {
            let name = Unique.name()
            if firstOwner(of: name) == node { return name }
        }
    }

    /// Gives a client of each node by itself to `body`.
    func withNodes<Value: Sendable>(_ body: ([RedisClient]) async throws -> Value) async throws -> Value {
        try await withConnectedClient(.patient(port: ports[0])) { first in
            try await withConnectedClient(.patient(port: ports[1])) { second in
                try await withConnectedClient(.patient(port: ports[2])) { third in
                    try await body([first, second, third])
                }
            }
        }
    }
}

/// Runs a client of a cluster while `body` uses it.
func withClusterClient<Value: Sendable>(
    _ configuration: RedisConfiguration,
    _ body: (RedisClusterClient) async throws -> Value
) async throws -> Value {
    let client = try RedisClusterClient(configuration, logger: Logger(label: "test"))
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await client.run() }
        defer { group.cancelAll() }
        return try await body(client)
    }
}

/// Runs a client of a cluster, and waits until it reaches all of it, while `body` uses it.
func withConnectedCluster<Value: Sendable>(
    _ configuration: RedisConfiguration,
    _ body: (RedisClusterClient) async throws -> Value
) async throws -> Value {
    try await withClusterClient(configuration) { client in
        try await client.waitUntilConnected()
        return try await body(client)
    }
}

/// Asks again and again until something holds: for what the nodes of a cluster tell each other, and nobody else.
func waitUntil(_ holds: () async throws -> Bool) async throws {
    while try await !holds() { try await Task.sleep(for: .milliseconds(20)) }
}

extension RedisCommanding {
    /// Sends a command until it succeeds: for after a fault, while the client finds its way back.
    @discardableResult
    func sendUntilItSucceeds(_ command: RedisCommand) async throws -> RedisReply {
        while true {
            do throws(RedisError) {
                return try await send(command, within: nil)
            } catch {
                guard error.code != .closed, error.code != .cancelled else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
