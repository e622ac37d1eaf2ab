import Synchronization
import Testing

@testable import RedisWire

/// How often a command is sent, over servers that answer as a test says.
@Suite(.timeLimit(.minutes(15)))
struct ClusterRetryTests {
    /// A cluster of one node, which counts the commands that are none of the cluster's own.
    private func withNode<Value: Sendable>(
        _ answer: @escaping @Sendable (_ count: Int, _ port: Int) -> ScriptedServer.Answer,
        _ body: (_ client: RedisClusterClient, _ count: @Sendable () -> Int) async throws -> Value
    ) async throws -> Value {
        let port = Mutex(0)
        let count = Mutex(0)
        let whole: @Sendable ([String]) -> ScriptedServer.Answer = { command in
            let place = port.withLock { $0 }
            switch command.prefix(2) {
            case ["HELLO", "3"]: return .hello
            case ["CLUSTER", "SLOTS"]: return .bytes("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:\(place)\r\n")
            case ["CLUSTER", "INFO"]: return .bytes("$16\r\ncluster_state:ok\r\n")
            case ["ASKING"]: return .bytes("+OK\r\n")
            default:
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return answer(number, place)
            }
        }
        return try await ScriptedServer.with(whole) { server in
            port.withLock { $0 = server.port }
            let seed = RedisEndpoint(host: "127.0.0.1", port: server.port)
            var configuration = RedisConfiguration.patient(port: 1) { $0.target = .cluster([seed]) }
            configuration.failuresToOpen = .max
            return try await withConnectedCluster(configuration) { client in
                try await body(client) { count.withLock { $0 } }
            }
        }
    }

    @Test("A command that is sent on and on is given up after eight redirects, and has not run")
    func endlessRedirects() async throws {
        for kind in ["MOVED", "ASK"] {
            try await withNode { _, port in
                .bytes("-\(kind) 1 127.0.0.1:\(port)\r\n")
            } _: { client, count async throws in
                let error = await errorOf { try await client.send(["SET", "key", "x"]) }
                #expect(error?.serverCode?.rawValue == kind)
                #expect(error?.mayHaveRun == false)
                #expect(count() == 9)
            }
        }
    }

    @Test("A command whose key is just moving is sent again until it is taken")
    func tryAgain() async throws {
        try await withNode { count, _ in
            .bytes(count < 5 ? "-TRYAGAIN later\r\n" : "+OK\r\n")
        } _: { client, count async throws in
            #expect(try await client.send(["SET", "key", "x"]).string == "OK")
            #expect(count() == 5)
        }
    }

    @Test("When the time of its answer is over, it is not sent again")
    func tryAgainNoLonger() async throws {
        try await withNode { _, _ in
            .bytes("-TRYAGAIN later\r\n")
        } _: { client, count async throws in
            let error = await errorOf { try await client.send(["SET", "key", "x"], within: .milliseconds(20)) }
            // Either the node said so to the end, or it took too long once.
            #expect(error?.serverCode == .tryAgain || error?.code == .deadlineExceeded)
            #expect(count() >= 1)
        }
    }

    @Test("A cluster that is down says so at once")
    func down() async throws {
        try await withNode { _, _ in
            .bytes("-CLUSTERDOWN The cluster is down\r\n")
        } _: { client, count async throws in
            let error = await errorOf { try await client.send(["SET", "key", "x"]) }
            #expect(error?.serverCode == .clusterDown)
            #expect(error?.mayHaveRun == false)
            #expect(count() == 1)
        }
    }

    @Test("What was under way when the connection broke may have run, and is not sent again")
    func broken() async throws {
        try await withNode { _, _ in
            .hangUp
        } _: { client, count async throws in
            let error = await errorOf { try await client.send(["SET", "key", "x"]) }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveRun == true)
            try await client.waitUntilConnected()
            #expect(count() == 1)
        }
    }

    @Test("An error of the command itself is the caller's")
    func ownError() async throws {
        try await withNode { _, _ in
            .bytes("-WRONGTYPE no list\r\n")
        } _: { client, count async throws in
            #expect(await errorOf { try await client.send(["LPUSH", "key", "x"]) }?.serverCode == .wrongType)
            #expect(count() == 1)
        }
    }
}
