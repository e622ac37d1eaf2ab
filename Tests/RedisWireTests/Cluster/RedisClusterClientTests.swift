import Logging
import NIOCore
import ParleyTesting
import Testing

@testable import RedisWire

@Suite(.timeLimit(.minutes(15)))
struct RedisClusterClientTests {
    @Test("Keys are spread over the nodes, and each is found where it was written")
    func routing() async throws {
        let cluster = try await TestRedisCluster.shared()
        try await withConnectedCluster(cluster.configuration()) { client async throws in
            #expect(client.isConnected)
            #expect(Set(client.masters) == Set(cluster.endpoints))
            let keys = (0..<100).map { _ in Unique.name() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for key in keys {
                    group.addTask { _ = try await client.send(["SET", .string(key), .string("of " + key)]) }
                }
                try await group.waitForAll()
            }
            for key in keys { #expect(try await client.send(["GET", .string(key)]).string == "of " + key) }
            #expect(Set(keys.map(cluster.firstOwner)) == [0, 1, 2])
            try await cluster.withNodes { nodes async throws in
                for key in keys {
                    let owner = nodes[cluster.firstOwner(of: key)]
                    #expect(try await owner.send(["EXISTS", .string(key)]).integer == 1)
                }
            }
        }
    }

    @Test("A script runs where its keys are, also on a node that doesn't know it, and keys of one tag are together")
    func scripts() async throws {
        let cluster = try await TestRedisCluster.shared()
        let script = RedisScript(
            "redis.call('SET', KEYS[2], ARGV[1]) return redis.call('INCR', KEYS[1]) -- \(Unique.name("script"))"
        )
        try await withConnectedCluster(cluster.configuration()) { client async throws in
            for node in 0..<3 {
                let tag = cluster.name(ownedBy: node)
                for count in 1...2 {
                    let keys: [RedisArgument] = ["{\(tag)}:count", "{\(tag)}:text"]
                    #expect(try await client.run(script, keys: keys, arguments: ["x"]).integer == Int64(count))
                }
                #expect(try await client.send(["MGET", "{\(tag)}:count", "{\(tag)}:text"]).elements.count == 2)
            }
        }
    }

    @Test("Keys of several slots are refused together, and taken in the groups that the client makes")
    func groups() async throws {
        let cluster = try await TestRedisCluster.shared()
        try await withConnectedCluster(cluster.configuration()) { client async throws in
            let keys = (0..<20).map { _ in RedisArgument.string(Unique.name()) }
            for key in keys { _ = try await client.send(["SET", key, "x"]) }
            let refusal = await errorOf { try await client.send(RedisCommand(["UNLINK"] + keys)) }
            #expect(refusal?.serverCode?.rawValue == "CROSSSLOT")
            #expect(refusal?.mayHaveRun == false)
            let groups = client.groups(ofKeys: keys)
            var removed: Int64 = 0
            for group in groups {
                removed += try await client.send(RedisCommand(["UNLINK"] + group)).integer ?? 0
            }
            #expect(removed == 20)
            #expect(client.groups(ofKeys: []).isEmpty)
        }
        let single = RedisConfiguration.patient(port: cluster.ports[0])
        try await withClient(single) { client async throws in
            #expect(client.groups(ofKeys: ["a", "b"]).map(\.count) == [2])
        }
    }

    @Test("A walk over all masters sees every key once; without a master a walk would be of one node, and is refused")
    func walks() async throws {
        let cluster = try await TestRedisCluster.shared()
        try await withConnectedCluster(cluster.configuration()) { client async throws in
            let prefix = Unique.name("walk")
            let keys = Set((0..<60).map { "\(prefix):\($0)" })
            for key in keys { _ = try await client.send(["SET", .string(key), "x"]) }
            let found = try await client.forEachMaster { master in
                let found = try await master.send(["SCAN", 0, "MATCH", "\(prefix):*", "COUNT", 100_000], within: nil)
                return found.elements[1]?.elements.compactMap(\.string) ?? []
            }
            #expect(found.count == 3)
            #expect(found.allSatisfy { !$0.isEmpty })
            #expect(found.joined().count == 60)
            #expect(Set(found.joined()) == keys)
            #expect(await errorOf { try await client.send(["SCAN", 0]) }?.code == .invalidCommand)
        }
    }

    @Test("One seed that answers is enough; without any, commands fail at once and the failure is told")
    func seeds() async throws {
        let cluster = try await TestRedisCluster.shared()
        let nobody = RedisEndpoint(host: "127.0.0.1", port: 1)
        let server = RedisEndpoint(host: "127.0.0.1", port: try await RedisServer.shared().port)
        // One that doesn't answer, and one that is no node of a cluster.
        let seeds = [nobody, server, cluster.endpoints[2]]
        try await withConnectedCluster(cluster.configuration(seeds: seeds)) { client async throws in
            #expect(Set(client.masters) == Set(cluster.endpoints))
            #expect(try await client.send(["PING"]).string == "PONG")
        }
        try await withClusterClient(cluster.configuration(seeds: [nobody, server])) { client async throws in
            #expect(await errorOf { try await client.send(["GET", "a"]) }?.code == .notConnected)
            try await waitUntil { client.lastFailure?.serverCode == .generic }
            #expect(!client.isConnected)
            let error = await errorOf { try await client.forEachMaster { _ in } }
            #expect(error?.code == .notConnected)
        }
    }

    @Test("Whoever waits is let go when the task is cancelled and when the client is shut down")
    func waiting() async throws {
        let nobody = RedisConfiguration.patient(port: 1) {
            $0.target = .cluster([RedisEndpoint(host: "127.0.0.1", port: 1)])
        }
        try await withClusterClient(nobody) { client async throws in
            let waiting = Task { await errorOf { try await client.waitUntilConnected() } }
            waiting.cancel()
            #expect(await waiting.value?.code == .cancelled)
        }
        let client = try RedisClusterClient(nobody, logger: Logger(label: "test"))
        let running = Task { await client.run() }
        async let waited = errorOf { try await client.waitUntilConnected() }
        running.cancel()
        await running.value
        #expect(await waited?.code == .closed)
        #expect(await errorOf { try await client.send(["PING"]) }?.code == .closed)
    }

    @Test("Only a URL of a cluster makes a client of a cluster, and it makes no other")
    func targets() throws {
        let cluster = RedisConfiguration(url: try RedisURL("redis+cluster://a,b:7000/"))
        let server = RedisConfiguration(url: try RedisURL("redis://a"))
        #expect(throws: RedisError.self) { try RedisClient(cluster, logger: Logger(label: "test")) }
        #expect(throws: RedisError.self) { try RedisClusterClient(server, logger: Logger(label: "test")) }
        #expect(try cluster.makeClient(logger: Logger(label: "test")) is RedisClusterClient)
        #expect(try server.makeClient(logger: Logger(label: "test")) is RedisClient)
    }

    @Test("What is published on any node reaches who listens on another")
    func publishing() async throws {
        let cluster = try await TestRedisCluster.shared()
        let channels = (0..<3).map(cluster.name)
        try await withConnectedCluster(cluster.configuration()) { client async throws in
            try await withSubscriber(cluster.configuration()) { subscriber async throws in
                try await subscriber.subscribe(to: Set(channels)) { events async throws in
                    var events = events.makeAsyncIterator()
                    while let event = try await events.next(), event != .gap(.subscribed) {}
                    for channel in channels {
                        for number in 0..<20 { _ = try await client.send(["PUBLISH", .string(channel), "\(number)"]) }
                        for number in 0..<20 {
                            let message = RedisMessage(channel: channel, payload: ByteBuffer(string: "\(number)"))
                            #expect(try await events.next() == .message(message))
                        }
                    }
                }
            }
        }
    }
}
