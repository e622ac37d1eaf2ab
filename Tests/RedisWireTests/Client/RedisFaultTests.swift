import Foundation
import Logging
import ParleyTesting
import Synchronization
import Testing

@testable import RedisWire

@Suite(.timeLimit(.minutes(15)))
struct RedisFaultTests {
    @Test("While Redis is stopped commands end by their deadline, and no late answer reaches another command")
    func stall() async throws {
        try await RedisServer.with([]) { server async throws in
            var configuration = server.configuration()
            configuration.commandTimeout = .milliseconds(300)
            configuration.failuresToOpen = .max
            try await withConnectedClient(configuration) { client async throws in
                server.signal(SIGSTOP)
                await withTaskGroup(of: RedisError?.self) { group in
                    for number in 0..<100 {
                        group.addTask { await errorOf { try await client.send(["ECHO", "late-\(number)"]) } }
                    }
                    for await error in group {
                        #expect([.deadlineExceeded, .connectionLost, .notConnected].contains(error?.code))
                    }
                }
                server.signal(SIGCONT)
                for number in 0..<200 {
                    let text = "after-\(number)"
                    #expect(try await client.sendUntilItSucceeds(["ECHO", "\(text)"]).string == text)
                }
            }
        }
    }

    @Test("A server that was killed and comes back empty is found again")
    func restart() async throws {
        try await RedisServer.with([]) { server async throws in
            var configuration = server.configuration()
            configuration.failuresToOpen = .max
            try await withConnectedClient(configuration) { client async throws in
                _ = try await client.send(["SET", "key", "old"])
                server.signal(SIGKILL)
                while await errorOf({ try await client.send(["PING"]) }) == nil {}
                await server.end()
                #expect(await errorOf { try await client.send(["PING"]) } != nil)
                try await RedisServer.with(["--port", "\(server.port)"]) { _ async throws in
                    #expect(try await client.sendUntilItSucceeds(["GET", "key"]).isNull)
                }
            }
        }
    }

    @Test("A connection that Redis kills is replaced, and what was under way on it fails")
    func clientKill() async throws {
        let server = try await RedisServer.shared()
        try await withConnectedClient(server.configuration()) { client async throws in
            let id = try #require(try await client.send(["CLIENT", "ID"]).integer)
            async let blocked = errorOf { try await client.send(["BLPOP", .string(Unique.name()), 0]) }
            while client.commandsUnderWay == 0 { await Task.yield() }
            try await withConnectedClient(server.configuration()) { killer async throws in
                #expect(try await killer.send(["CLIENT", "KILL", "ID", .integer(id)]).integer == 1)
            }
            let error = await blocked
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveRun == true)
            #expect(try await client.sendUntilItSucceeds(["CLIENT", "ID"]).integer != id)
        }
    }

    @Test("After five failures in a row commands are refused, but for one probe a second")
    func breaker() async throws {
        let isStalled = Mutex(true)
        let answer: @Sendable ([String]) -> ScriptedServer.Answer = { command in
            guard command[0] != "HELLO" else { return .hello }
            return isStalled.withLock { $0 } ? .silence : .bytes("+PONG\r\n")
        }
        try await ScriptedServer.with(answer) { server async throws in
            let clock = TestClock()
            var configuration = RedisConfiguration.patient(port: server.port)
            configuration.commandTimeout = .milliseconds(5)
            try await withConnectedClient(configuration, time: RedisTime(clock)) { client async throws in
                func reconnect() async throws {
                    // Asleep before the next attempt: the end of the last connection has been noted.
                    await clock.sleepers(atLeast: 1)
                    clock.advance(by: configuration.backoff.maximum)
                    try await client.waitUntilConnected()
                }
                for failures in 1...5 {
                    #expect(!client.isRefusing)
                    #expect(await errorOf { try await client.send(["PING"]) }?.code == .deadlineExceeded, "\(failures)")
                    try await reconnect()
                }
                #expect(client.isRefusing)
                let refused = await errorOf { try await client.send(["PING"]) }
                #expect(refused?.code == .refusedByBreaker)
                #expect(refused?.mayHaveRun == false)

                clock.advance(by: .seconds(1))
                #expect(await errorOf { try await client.send(["PING"]) }?.code == .deadlineExceeded)
                try await reconnect()
                #expect(await errorOf { try await client.send(["PING"]) }?.code == .refusedByBreaker)

                isStalled.withLock { $0 = false }
                clock.advance(by: .seconds(1))
                // The answer is there at once, but this machine may be slow.
                #expect(try await client.send(["PING"], within: .seconds(20)).string == "PONG")
                #expect(!client.isRefusing)
            }
        }
    }

    @Test(
        "A server that answers nonsense, or breaks off, harms only what was under way",
        arguments: [
            (ScriptedServer.Answer.bytes("+one\r\n+two\r\n"), nil),
            (.bytes("?nonsense\r\n"), .protocolViolation),
            (.bytes("$99999999999\r\n"), .protocolViolation),
            (.bytes(String(repeating: "*1\r\n", count: 100)), .protocolViolation),
            (.bytesAndHangUp("$10\r\nabc"), .connectionLost),
            (.hangUp, .connectionLost),
        ] as [(ScriptedServer.Answer, RedisError.Code?)]
    )
    func hostileServer(answer: ScriptedServer.Answer, code: RedisError.Code?) async throws {
        let script: @Sendable ([String]) -> ScriptedServer.Answer = { command in
            switch command[0] {
            case "HELLO": .hello
            case "ECHO": .bytes("+\(command[1])\r\n")
            default: answer
            }
        }
        try await ScriptedServer.with(script) { server async throws in
            try await withConnectedClient(.patient(port: server.port)) { client async throws in
                #expect(await errorOf { try await client.send(["GET", "a"]) }?.code == code)
                #expect(try await client.sendUntilItSucceeds(["ECHO", "b"]).string == "b")
            }
        }
    }

    @Test(
        "A server that can't be greeted is never used",
        arguments: [
            ScriptedServer.Answer.hangUp, .bytes("HTTP/1.1 400 Bad Request\r\n\r\n"), .bytes("-LOADING wait\r\n"),
            .bytes("+one\r\n+two\r\n"),
        ]
    )
    func badGreeting(answer: ScriptedServer.Answer) async throws {
        try await ScriptedServer.with({ _ in answer }) { server async throws in
            let configuration = RedisConfiguration.patient(port: server.port) { $0.database = 1 }
            #expect(await errorOf { try await configuration.connector().connect() } != nil)
        }
    }

    @Test("A server that greets nobody is given up")
    func silentGreeting() async throws {
        try await ScriptedServer.with({ _ in .silence }) { server async throws in
            var configuration = RedisConfiguration.patient(port: server.port)
            configuration.connectTimeout = .milliseconds(100)
            #expect(await errorOf { try await configuration.connector().connect() }?.code == .deadlineExceeded)
        }
    }

    @Test("Full memory and a replica are told by their kind")
    func refusals() async throws {
        let options = ["--set", "maxmemory", "1mb", "--set", "maxmemory-policy", "noeviction"]
        try await RedisServer.with(options) { server async throws in
            try await withConnectedClient(server.configuration()) { client async throws in
                let value = String(repeating: "x", count: 2_000_000)
                _ = await errorOf { try await client.send(["SET", "a", .string(value)]) }
                let error = await errorOf { try await client.send(["SET", "b", .string(value)]) }
                #expect(error?.serverCode == .outOfMemory)
                _ = try await client.send(["REPLICAOF", "127.0.0.1", "1"])
                #expect(await errorOf { try await client.send(["DEL", "a"]) }?.serverCode == .readOnly)
            }
        }
    }
}
