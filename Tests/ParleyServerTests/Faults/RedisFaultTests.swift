import Foundation
import RedisWire
import Testing

extension LoadTests {
    /// Everywhere: slower, never wrong, and never down: no request fails at all.
    @Suite("Faults of Redis, under load from two instances", .cluster, .serialized, .timeLimit(.minutes(15)))
    struct RedisFaultTests {
        private let cluster: Cluster
        private var redis: FaultRedis { cluster.redis }

        init() throws {
            cluster = try #require(Cluster.shared)
        }

        @Test("kill -9, and started again empty")
        func killed() async throws {
            try await FaultRun.run(in: cluster, failing: .never) { load in
                await redis.kill()
                await load.working()
                try await redis.startAgain()
            }
        }

        @Test("Stopped where it is")
        func paused() async throws {
            try await FaultRun.run(in: cluster, failing: .never) { load in
                redis.signal(SIGSTOP)
                await load.working()
                redis.signal(SIGCONT)
            }
        }

        @Test("Flushed, entries removed, of the wrong type, and garbage in them")
        func poisoned() async throws {
            try await FaultRun.run(in: cluster, failing: .never) { load in
                let key = RedisArgument("conversation:\(load.hotLog):messages")
                try await redis.withClient { client in
                    for round in 0..<10 {
                        switch round % 5 {
                        case 0: _ = try await client.send(["FLUSHALL"])
                        case 1: _ = try await client.send(["DEL", key])
                        case 2: _ = try await client.send(["SET", key, "a text"])
                        case 3: _ = try await client.send(["LPUSH", key, "{\"rev\":1,\"tag\":\"garbage"])
                        default: _ = try await client.send(["LTRIM", key, "0", "3"])
                        }
                        await load.reading(5)
                    }
                }
            }
        }

        @Test("Out of memory, and told to evict nothing")
        func outOfMemory() async throws {
            try await FaultRun.run(in: cluster, failing: .never) { load in
                try await redis.send(["CONFIG", "SET", "maxmemory", "1"])
                await load.working()
                try await redis.send(["CONFIG", "SET", "maxmemory", "0"])
            }
        }

        @Test("A replica, which takes no writes")
        func readOnly() async throws {
            try await FaultRun.run(in: cluster, failing: .never) { load in
                try await redis.send(["REPLICAOF", "127.0.0.1", "1"])
                await load.working()
                try await redis.send(["REPLICAOF", "NO", "ONE"])
            }
        }

        @Test("The connections of events ended, five times")
        func eventsEnded() async throws {
            try await FaultRun.run(in: cluster, failing: .never) { load in
                try await redis.withClient { client in
                    for _ in 0..<5 {
                        _ = try await client.send(["CLIENT", "KILL", "TYPE", "pubsub"])
                        await load.reading(5)
                    }
                }
            }
        }

        @Test(
            "Links that are slow, or pass nothing on, or are closed",
            arguments: [
                FaultLink.Mode.slow(milliseconds: 80), .silent, .closed,
            ]
        )
        func links(mode: FaultLink.Mode) async throws {
            try await FaultRun.run(in: cluster, failing: .never) { load in
                for link in cluster.redisLinks { link.become(mode) }
                await load.working()
                for link in cluster.redisLinks { link.become(.pass) }
            }
        }
    }
}
