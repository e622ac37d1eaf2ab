import Logging
import ParleyCore
import ParleyRedis
import ParleyStore
import ParleyTesting
import RedisWire

extension StoreFactory {
    /// The same store over three nodes: what crosses slots fails here.
    static let redisCluster = StoreFactory(name: "RedisStore(RedisClusterClient)") { clock, ids in
        let (cluster, client) = try await LentRedisCluster.shared().take()
        let store = RedisStore(client, clock: clock, ids: ids, logger: .quiet, leasesGoByStoreClock: true)
        return Product(store: store, accounts: store, queryLog: store, usage: store) {
            try await cluster.giveBack()
        }
    }
}

/// One cluster for all tests of the process, lent to one at a time and emptied in between.
actor LentRedisCluster {
    private static let starting = Task { try await LentRedisCluster(TestRedisCluster.shared()) }

    /// It; started by the first who asks.
    static func shared() async throws -> LentRedisCluster { try await starting.value }

    private let client: RedisClusterClient
    private var isLent = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private let running: Task<Void, Never>

    private init(_ cluster: TestRedisCluster) async throws {
        let client = try RedisClusterClient(cluster.patience, logger: .quiet)
        self.client = client
        // As long as the process.
        running = Task { await client.run() }
        try await client.waitUntilConnected()
    }

    /// Waits until nobody has it.
    func take() async throws -> (LentRedisCluster, RedisClusterClient) {
        if isLent { await withCheckedContinuation { waiting.append($0) } }
        isLent = true
        return (self, client)
    }

    /// Empties it, and passes it on.
    func giveBack() async throws {
        // In any case: whoever waits for it must not wait for ever.
        defer { passOn() }
        _ = try await client.forEachMaster { try await $0.send(["FLUSHALL", "SYNC"]) }
    }

    private func passOn() {
        if waiting.isEmpty { isLent = false } else { waiting.removeFirst().resume() }
    }
}

extension TestRedisCluster {
    /// A configuration with patience: on a busy machine nothing but a test of it is to run out.
    var patience: RedisConfiguration {
        let nodes = ports.map { RedisEndpoint(host: "127.0.0.1", port: $0) }
        var configuration = RedisConfiguration(url: RedisURL(target: .cluster(nodes)))
        configuration.connectTimeout = .seconds(60)
        configuration.commandTimeout = .seconds(120)
        configuration.maxBytes = 256 * 1024 * 1024
        configuration.limits.replyBytes = 256 * 1024 * 1024
        return configuration
    }
}
