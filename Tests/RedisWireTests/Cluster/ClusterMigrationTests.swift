import ParleyTesting
import Synchronization
import Testing

@testable import RedisWire

/// A slot that moves from one node to another while commands run.
@Suite(.timeLimit(.minutes(15)))
struct ClusterMigrationTests {
    private static let keyCount = 24

    /// Adds one to a key, or to two of one slot in one step.
    private static let both = RedisScript(
        "return redis.call('INCR', KEYS[1]) + redis.call('INCR', KEYS[2]) * 0"
    )

    @Test("Nothing is lost and nothing is done twice while a slot moves")
    func migration() async throws {
        try await TestRedisCluster.with { cluster async throws in
            // A pair waits for as long as the move takes.
            var configuration = cluster.configuration()
            configuration.commandTimeout = .seconds(240)
            try await withConnectedCluster(configuration) { client async throws in
                try await cluster.withNodes { nodes async throws in
                    try await move(cluster, client, nodes)
                }
            }
        }
    }

    private func move(_ cluster: TestRedisCluster, _ client: RedisClusterClient, _ nodes: [RedisClient]) async throws {
        let tag = cluster.name(ownedBy: 0)
        let keys = (0..<Self.keyCount).map { "{\(tag)}:\($0)" }
        let (source, target) = (nodes[0], nodes[1])
        let slot = RedisArgument.integer(RedisSlot(ofKey: .string(tag)).number)
        let sourceID = try #require(try await source.send(["CLUSTER", "MYID"]).string)
        let targetID = try #require(try await target.send(["CLUSTER", "MYID"]).string)
        let done = Tally(count: Self.keyCount)

        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var random = SplitMix64(seed: UInt64(writer))
                    while !done.isOver {
                        let place = Int.random(in: 0..<keys.count, using: &random)
                        let other = (place + 1) % keys.count
                        if writer < 4 {
                            _ = try await client.send(["INCR", .string(keys[place])])
                            done.add([place])
                        } else {
                            let pair: [RedisArgument] = [.string(keys[place]), .string(keys[other])]
                            _ = try await client.run(Self.both, keys: pair)
                            done.add([place, other])
                        }
                    }
                }
            }
            try await done.grow(by: 200)
            _ = try await target.send(["CLUSTER", "SETSLOT", slot, "IMPORTING", .string(sourceID)])
            _ = try await source.send(["CLUSTER", "SETSLOT", slot, "MIGRATING", .string(targetID)])
            for key in keys.prefix(keys.count / 2) { try await migrate(key, source, to: cluster.ports[1]) }
            // Single keys go on, here and there; pairs across the two wait.
            try await done.growSingles(by: 200)
            for key in keys.dropFirst(keys.count / 2) { try await migrate(key, source, to: cluster.ports[1]) }
            try await done.growSingles(by: 100)
            for node in [target, source, nodes[2]] {
                _ = try await node.send(["CLUSTER", "SETSLOT", slot, "NODE", .string(targetID)])
            }
            try await done.grow(by: 200)
            done.end()
            try await group.waitForAll()
        }

        for (key, count) in zip(keys, done.counts) {
            #expect(try await client.send(["GET", .string(key)]).integer == Int64(count))
            #expect(try await target.send(["GET", .string(key)]).integer == Int64(count))
        }
        let statistics = try await target.send(["INFO", "commandstats"]).string ?? ""
        #expect(statistics.contains("cmdstat_asking"))
    }

    private func migrate(_ key: String, _ source: RedisClient, to port: Int) async throws {
        // A key that nobody has written yet is not there.
        _ = try await source.send(["MIGRATE", "127.0.0.1", .integer(port), .string(key), 0, 20_000])
    }

    /// What has been done, by those who were told so.
    private final class Tally: Sendable {
        private struct State {
            var counts: [Int]
            var total = 0
            var singles = 0
            var isOver = false
        }

        private let state: Mutex<State>

        init(count: Int) {
            state = Mutex(State(counts: [Int](repeating: 0, count: count)))
        }

        var counts: [Int] { state.withLock(\.counts) }
        var isOver: Bool { state.withLock(\.isOver) }

        func add(_ places: [Int]) {
            state.withLock { state in
                for place in places { state.counts[place] += 1 }
                state.total += 1
                if places.count == 1 { state.singles += 1 }
            }
        }

        func end() { state.withLock { $0.isOver = true } }

        func grow(by count: Int) async throws { try await grow(count) { $0.total } }
        func growSingles(by count: Int) async throws { try await grow(count) { $0.singles } }

        private func grow(_ count: Int, _ what: (State) -> Int) async throws {
            let start = state.withLock { what($0) }
            try await waitUntil { state.withLock { what($0) } >= start + count }
        }
    }
}
