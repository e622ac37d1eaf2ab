import Foundation
import HTTPTypes
import NIOHTTP1
import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@Suite("Redis alone: servers whose store is a Redis", .timeLimit(.minutes(15)))
struct RedisAloneTests {
    private static let ada: JSON = ["email": "ada@example.org", "password": "correct horse", "name": "Ada"]

    private func withRedis(_ body: (FaultRedis, ParleyHome) async throws -> Void) async throws {
        try await ParleyHome.with { home in
            let redis = try await FaultRedis.start(keepingIn: home.path("redis"))
            do {
                try await body(redis, home)
            } catch {
                await redis.end()
                throw error
            }
            await redis.end()
        }
    }

    private func withServer<Result: Sendable>(
        on redis: FaultRedis,
        in home: ParleyHome,
        environment: [String: String] = [:],
        _ body: (RunningServer, LiveCaller) async throws -> Result
    ) async throws -> Result {
        try await RunningServer.with(
            in: home,
            options: ["--store", redis.url, "--log-level", "warning", "--http-ws-deflate", "off"],
            environment: environment
        ) { server in
            try await LiveCaller.with(server, as: nil) { try await body(server, $0) }
        }
    }

    @Test(
        "An account, its sign-in and a chat are there when server and Redis were both killed, the bearer's secret, too"
    )
    func everythingStays() async throws {
        try await withRedis { redis, home in
            let (cookie, conversation) = try await withServer(on: redis, in: home) { server, caller in
                let registered = try await caller.post("/api/auth/register", Self.ada)
                let cookie = try #require(registered.headers[.setCookie]?.split(separator: ";").first.map(String.init))
                let headers: HTTPHeaders = ["Cookie": cookie, "Origin": server.address]
                let answer = try await caller.post("/api/chat", ["message": "Wrens are small."], headers: headers)
                #expect(answer.status == .ok, "\(answer.text)")
                server.process.send(SIGKILL)
                #expect(await server.process.ending() == .signal(SIGKILL))
                return (cookie, try #require(answer["conversation_id"]?.stringValue))
            }
            await redis.kill()
            try await redis.startAgain()
            let token = try await home.run(["token", "ada@example.org", "--store", redis.url]).output
                .trimmingCharacters(in: .whitespacesAndNewlines)
            try await withServer(on: redis, in: home) { server, caller in
                for headers: HTTPHeaders in [["Cookie": cookie], ["Authorization": "Bearer \(token)"]] {
                    let page = try await caller.get("/api/conversations/\(conversation)/messages", headers: headers)
                    #expect(page.status == .ok, "\(page.text)")
                    #expect(page["messages"]?.arrayValue?.count == 2)
                    #expect(page["messages"]?[0]?["content"] == "Wrens are small.")
                    let found = try await caller.get("/api/search?q=wrens", headers: headers)
                    #expect(found["results"]?.arrayValue?.isEmpty == false, "\(found.text)")
                }
            }
        }
    }

    @Test("What happens at one instance is heard at the other")
    func twoInstances() async throws {
        try await withRedis { redis, home in
            let secret = ["PARLEY_JWT_SECRET": RunningServer.secret]
            let token = try await RunningServer.token(of: .alice)
            let headers: HTTPHeaders = ["Authorization": "Bearer \(token)"]
            try await withServer(on: redis, in: home, environment: secret) { _, first in
                try await withServer(on: redis, in: home, environment: secret) { _, second in
                    let made = try await first.post("/api/conversations", ["title": "Both"], headers: headers)
                    let id = try #require(made["id"]?.stringValue)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
                        group.addTask {
                            struct Heard: Error {}
                            await #expect(throws: Heard.self) {
                                // The first says that it listens from here on.
                                let path = "/api/events?conversation_id=\(id)&since_revision=0"
                                _ = try await second.stream(path, headers: headers) { event in
                                    isReady.yield()
                                    if event.data["message"]?["content"] == "Do you hear me?" { throw Heard() }
                                }
                            }
                        }
                        for await _ in ready { break }
                        let body: JSON = ["role": "user", "content": "Do you hear me?"]
                        let said = try await first.post("/api/conversations/\(id)/messages", body, headers: headers)
                        #expect(said.status == .created)
                        try await group.waitForAll()
                    }
                    let there = try await second.get("/api/conversations/\(id)/messages", headers: headers)
                    #expect(there["messages"]?[0]?["content"] == "Do you hear me?")
                }
            }
        }
    }

    @Test("A Redis that may lose what it acknowledges is used, and named in the log and in /health/ready")
    func warned() async throws {
        try await withRedis { redis, home in
            try await redis.send(["CONFIG", "SET", "appendfsync", "everysec"])
            try await withServer(on: redis, in: home) { server, caller in
                #expect(try home.read(server.logName).contains("appendfsync is everysec"))
                let ready = try await caller.get("/health/ready")
                #expect(ready.status == .ok)
                let store = ready["checks"]?.arrayValue?.first { $0["name"] == "store" }
                #expect(store?["status"] == "ok")
                #expect(store?["warnings"]?[0]?.stringValue?.hasPrefix("appendfsync is everysec") == true)
                try await redis.send(["CONFIG", "SET", "appendfsync", "always"])
                let mended = try await caller.get("/health/ready")
                #expect(mended["checks"]?.arrayValue?.allSatisfy { $0["warnings"] == nil } == true, "\(mended.text)")
            }
        }
    }

    @Test("parley doctor looks through the Redis, says what is wrong, and repairs it")
    func doctor() async throws {
        try await withRedis { redis, home in
            let token = try await RunningServer.token(of: .alice)
            let secret = ["PARLEY_JWT_SECRET": RunningServer.secret]
            let conversation = try await withServer(on: redis, in: home, environment: secret) { _, caller in
                let headers: HTTPHeaders = ["Authorization": "Bearer \(token)"]
                let answer = try await caller.post("/api/chat", ["message": "Wrens are small."], headers: headers)
                return try #require(answer["conversation_id"]?.stringValue, "\(answer.text)")
            }
            func doctor(_ more: String...) async throws -> CommandResult {
                try await home.run(["doctor", "--store", redis.url] + more)
            }
            let whole = try await doctor()
            #expect(whole.ending == .exit(0) && whole.output.contains("1 conversations, 2 messages"), "\(whole)")
            try await redis.send(["DEL", "session:{\(conversation)}"])
            let damaged = try await doctor()
            #expect(damaged.ending == .exit(1) && damaged.output.contains(conversation), "\(damaged)")
            let repaired = try await doctor("--repair")
            #expect(repaired.ending == .exit(0), "\(repaired)")
            let again = try await doctor()
            #expect(again.ending == .exit(0) && again.output.contains("Nothing is wrong."), "\(again)")
        }
    }

    @Test("A replica is refused with what to do")
    func replica() async throws {
        try await withRedis { redis, home in
            try await redis.send(["REPLICAOF", "127.0.0.1", "1"])
            let result = try await home.run(["serve", "--http-port", "0", "--store", redis.url])
            #expect(result.ending != .exit(0))
            #expect(result.errors.contains("replica"), "\(result.errors)")
        }
    }
}
