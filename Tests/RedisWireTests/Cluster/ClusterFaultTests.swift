import Foundation
import NIOCore
import ParleyTesting
import Testing

@testable import RedisWire

@Suite(.timeLimit(.minutes(15)))
struct ClusterFaultTests {
    @Test("A node that is killed takes only its own keys along, until it is back with them")
    func restart() async throws {
        try await TestRedisCluster.with(["--appendonly"]) { cluster async throws in
            var configuration = cluster.configuration()
            configuration.failuresToOpen = .max
            let keys = (0..<3).map(cluster.name)
            try await withConnectedCluster(configuration) { client async throws in
                for key in keys { _ = try await client.send(["SET", .string(key), "kept"]) }
                cluster.signal(SIGKILL, node: 1)
                try await waitUntil { await errorOf { try await client.send(["GET", .string(keys[1])]) } != nil }
                // When the others have noticed, they take nothing more either: a cluster is whole or down.
                try await waitUntil {
                    await errorOf { try await client.send(["SET", .string(keys[0]), "x"]) }?.serverCode == .clusterDown
                }
                #expect(!client.isConnected)
                let error = await errorOf { try await client.send(["SET", .string(keys[1]), "x"]) }
                #expect([.notConnected, .connectionLost].contains(error?.code))
                try await cluster.restart(node: 1)
                for key in keys {
                    let value = try await client.sendUntilItSucceeds(["GET", .string(key)]).string
                    #expect(value == "kept" || (key == keys[0] && value == "x"))
                }
                try await client.waitUntilConnected()
                #expect(Set(client.masters) == Set(cluster.endpoints))
            }
        }
    }

    @Test("When a master is killed and its replica takes its place, the client goes there")
    func failover() async throws {
        try await TestRedisCluster.with { cluster async throws in
            try await RedisServer.with(["--member"]) { replica async throws in
                var configuration = cluster.configuration()
                configuration.failuresToOpen = .max
                try await withConnectedClient(.patient(port: replica.port)) { member async throws in
                    try await cluster.withNodes { nodes async throws in
                        try await follow(nodes, member, replica.port)
                    }
                }
                let key = cluster.name(ownedBy: 0)
                try await withConnectedCluster(configuration) { client async throws in
                    _ = try await client.send(["SET", .string(key), "kept"])
                    try await withConnectedClient(.patient(port: cluster.ports[0])) { master async throws in
                        try await waitUntil {
                            let offsets = try await master.send(["INFO", "replication"]).string ?? ""
                            let own = offsets.split(whereSeparator: \.isNewline)
                                .first { $0.hasPrefix("master_repl_offset:") }?.dropFirst(19)
                            return offsets.contains("state=online,offset=\(own ?? "-"),")
                        }
                    }
                    cluster.signal(SIGKILL, node: 0)
                    try await waitUntil { await errorOf { try await client.send(["PING"]) } == nil }
                    let written = try await client.sendUntilItSucceeds(["APPEND", .string(key), "!"])
                    #expect((written.integer ?? 0) >= 5)
                    #expect(
                        try await client.sendUntilItSucceeds(["GET", .string(key)]).string?.hasPrefix("kept!") == true
                    )
                    try await client.waitUntilConnected()
                    #expect(Set(client.masters.map(\.port)) == Set(cluster.ports.dropFirst() + [replica.port]))
                }
            }
        }
    }

    /// Makes a member the replica of the first node.
    private func follow(_ nodes: [RedisClient], _ member: RedisClient, _ port: Int) async throws {
        let id = try #require(try await nodes[0].send(["CLUSTER", "MYID"]).string)
        let own = try #require(try await member.send(["CLUSTER", "MYID"]).string)
        for node in nodes {
            _ = try await node.send(["CLUSTER", "MEET", "127.0.0.1", .integer(port), .integer(port + 3000)])
        }
        try await waitUntil { try await member.send(["CLUSTER", "NODES"]).string?.contains(id) == true }
        try await waitUntil { try await member.send(["CLUSTER", "INFO"]).saysClusterIsWell }
        try await waitUntil { await errorOf { try await member.send(["CLUSTER", "REPLICATE", .string(id)]) } == nil }
        try await waitUntil {
            try await member.send(["INFO", "replication"]).string?.contains("master_link_status:up") == true
        }
        // The others vote for a replica that they know of.
        for node in nodes {
            try await waitUntil {
                let lines = try await node.send(["CLUSTER", "NODES"]).string?.split(whereSeparator: \.isNewline) ?? []
                return lines.contains { $0.hasPrefix(own) && $0.contains("slave \(id)") }
            }
        }
    }

    @Test("A subscriber whose node is killed goes on at another, and is told of the gap")
    func subscriber() async throws {
        try await TestRedisCluster.with { cluster async throws in
            let channel = cluster.name(ownedBy: 2)
            try await withConnectedCluster(cluster.configuration()) { client async throws in
                try await withSubscriber(cluster.configuration()) { subscriber async throws in
                    try await subscriber.subscribe(to: [channel]) { events async throws in
                        var events = events.makeAsyncIterator()
                        while let event = try await events.next(), event != .gap(.subscribed) {}
                        // The first seed, where it listens.
                        cluster.signal(SIGKILL, node: 0)
                        #expect(try await events.next() == .gap(.linkLost))
                        while let event = try await events.next(), event != .gap(.subscribed) {}
                        _ = try await client.sendUntilItSucceeds(["PUBLISH", .string(channel), "after"])
                        let message = RedisMessage(channel: channel, payload: ByteBuffer(string: "after"))
                        #expect(try await events.next() == .message(message))
                    }
                }
            }
        }
    }
}
