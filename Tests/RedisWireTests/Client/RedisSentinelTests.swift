import Foundation
import Testing

@testable import RedisWire

@Suite(.timeLimit(.minutes(15)))
struct RedisSentinelTests {
    private func waitForReplica(of client: RedisClient) async throws {
        while try await client.send(["INFO", "replication"]).string?.contains("state=online") != true {}
    }

    @Test("The client finds the master by a Sentinel, and its successor after a failover")
    func failover() async throws {
        try await RedisServer.with([]) { master async throws in
            try await RedisServer.with(["--set", "replicaof", "127.0.0.1 \(master.port)"]) { replica async throws in
                try await withConnectedClient(master.configuration()) { try await waitForReplica(of: $0) }
                try await RedisServer.with(["--sentinel", "main", "\(master.port)"]) { sentinel async throws in
                    // The first doesn't answer: the second is asked.
                    let sentinels = [1, sentinel.port].map { RedisEndpoint(host: "127.0.0.1", port: $0) }
                    var configuration = master.configuration { $0.target = .sentinels(sentinels, master: "main") }
                    configuration.failuresToOpen = .max
                    configuration.checkInterval = .milliseconds(100)
                    try await withConnectedClient(configuration) { client async throws in
                        _ = try await client.send(["SET", "key", "kept"])
                        #expect(try await client.send(["WAIT", 1, 0]).integer == 1)
                        master.signal(SIGKILL)
                        while await errorOf({ try await client.send(["SET", "key2", "x"]) }) == nil {}
                        try await client.sendUntilItSucceeds(["SET", "key2", "new"])
                        #expect(try await client.send(["GET", "key"]).string == "kept")
                        #expect(try await client.send(["ROLE"]).elements[0]?.string == "master")
                        let port = try await client.send(["CONFIG", "GET", "port"]).elements[1]?.integer
                        #expect(port == Int64(replica.port))
                    }
                }
            }
        }
    }

    private func answers(master port: Int) -> @Sendable ([String]) -> ScriptedServer.Answer {
        { command in
            switch command[0] {
            case "HELLO": .hello
            case "SENTINEL":
                command[2] == "main"
                    ? .bytes("*2\r\n$9\r\n127.0.0.1\r\n$\("\(port)".count)\r\n\(port)\r\n") : .bytes("_\r\n")
            default: .bytes("+OK\r\n")
            }
        }
    }

    @Test("A server that a Sentinel names but that is no master isn't used, and neither is an unknown name")
    func staleSentinel() async throws {
        let replica: @Sendable ([String]) -> ScriptedServer.Answer = { command in
            command[0] == "HELLO" ? .hello : .bytes("*5\r\n+slave\r\n+127.0.0.1\r\n:1\r\n+connect\r\n:-1\r\n")
        }
        try await ScriptedServer.with(replica) { server async throws in
            try await ScriptedServer.with(answers(master: server.port)) { sentinel async throws in
                let endpoint = RedisEndpoint(host: "127.0.0.1", port: sentinel.port)
                for name in ["main", "other"] {
                    let configuration = RedisConfiguration.patient(port: 1) {
                        $0.target = .sentinels([endpoint], master: name)
                    }
                    #expect(await errorOf { try await configuration.connector().connect() }?.code == .notConnected)
                }
            }
        }
    }

    @Test("A master that has become a replica is left")
    func demoted() async throws {
        try await RedisServer.with([]) { server async throws in
            try await ScriptedServer.with(answers(master: server.port)) { sentinel async throws in
                let endpoint = RedisEndpoint(host: "127.0.0.1", port: sentinel.port)
                let configuration = RedisConfiguration.patient(port: 1) {
                    $0.target = .sentinels([endpoint], master: "main")
                }
                try await withConnectedClient(configuration) { client async throws in
                    _ = try await client.send(["REPLICAOF", "127.0.0.1", "1"])
                    #expect(await errorOf { try await client.send(["SET", "a", "b"]) }?.serverCode == .readOnly)
                    while client.isConnected { await Task.yield() }
                    try await withConnectedClient(server.configuration()) { operator_ async throws in
                        _ = try await operator_.send(["REPLICAOF", "NO", "ONE"])
                    }
                    #expect(try await client.sendUntilItSucceeds(["SET", "a", "b"]).string == "OK")
                }
            }
        }
    }

    @Test("When the Sentinels name another master, the old one is left though it answers")
    func moved() async throws {
        try await RedisServer.with([]) { first async throws in
            try await RedisServer.with([]) { second async throws in
                try await RedisServer.with(["--sentinel", "main", "\(first.port)"]) { sentinel async throws in
                    let endpoint = RedisEndpoint(host: "127.0.0.1", port: sentinel.port)
                    var configuration = RedisConfiguration.patient(port: 1) {
                        $0.target = .sentinels([endpoint], master: "main")
                    }
                    configuration.checkInterval = .milliseconds(20)
                    try await withConnectedClient(configuration) { client async throws in
                        try await withConnectedClient(.patient(port: sentinel.port)) { teller async throws in
                            _ = try await teller.send(["SENTINEL", "REMOVE", "main"])
                            _ = try await teller.send([
                                "SENTINEL", "MONITOR", "main", "127.0.0.1", "\(second.port)", "1",
                            ])
                        }
                        while try await client.sendUntilItSucceeds(["CONFIG", "GET", "port"]).elements[1]?.integer
                            != Int64(second.port)
                        {}
                        #expect(try await client.send(["PING"]).string == "PONG")
                    }
                }
            }
        }
    }
}
