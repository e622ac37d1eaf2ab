import Foundation
import Logging
import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@Suite("parley migrate redis", .timeLimit(.minutes(10)))
struct MigrateRedisTests {
    /// The old Redis and a directory, with `count` conversations of four messages in both places.
    private func with(_ count: Int, _ body: (ParleyHome, OldRedisServer) async throws -> Void) async throws {
        try await OldRedisServer.with { redis in
            try await redis.fill(count)
            try await ParleyHome.with { try await body($0, redis) }
        }
    }

    private func run(
        _ step: String,
        _ home: ParleyHome,
        _ redis: OldRedisServer,
        _ more: String...
    ) async throws -> (CommandResult, JSON) {
        let options = ["--from", redis.url, "--state", "rescue", "--json"]
        let result = try await home.run(["migrate", "redis", step] + options + more)
        return (result, (try? JSON(parsing: result.output)) ?? .null)
    }

    @Test("From backup to clean, compared through the API of a running server, and all the way back")
    func everything() async throws {
        try await with(30) { home, redis in
            let before = try await redis.dumps()
            let (backup, backedUp) = try await run("backup", home, redis)
            #expect(backup.ending == .exit(0) && backedUp["keys"] == 93)
            let (plan, planned) = try await run("plan", home, redis)
            #expect(plan.ending == .exit(0) && planned["adds_up"] == true)
            #expect(!FileManager.default.fileExists(atPath: home.path("parley.db")))
            try home.write(#"{"apollo": [{"email": "bob@example.org", "role": "viewer"}]}"#, to: "members.json")
            try await RunningServer.with(in: home) { server in
                let owner = "alice@example.org"
                let (apply, account) = try await run(
                    "apply",
                    home,
                    redis,
                    "--owner",
                    owner,
                    "--members",
                    "members.json"
                )
                #expect(apply.ending == .exit(0), "\(apply.errors)")
                #expect(account["imported"] == 150 && account["merged"] == 30)
                #expect(account["left_alone"] == 1 && account["quarantined"] == 2)
                #expect(account["found"] == 183)
                let again = try await run("apply", home, redis, "--owner", owner)
                #expect(again.1["imported"] == 0 && again.1["already_there"] == 150)

                let token = try await RunningServer.token(of: .alice)
                let api = ["--server", server.address, "--token", token]
                let (valid, report) = try await run("validate", home, redis, api[0], api[1], api[2], api[3])
                #expect(valid.ending == .exit(0), "\(valid.errors) \(valid.output)")
                #expect(report["through"] == "api" && report["messages"] == 120 && report["allows_cleaning"] == true)
                // Who may not see them finds none of them.
                let stranger = try await RunningServer.token(of: .mallory)
                let (blind, missing) = try await run(
                    "validate",
                    home,
                    redis,
                    "--server",
                    server.address,
                    "--token",
                    stranger
                )
                #expect(blind.ending == .exit(1) && missing["differences"] == 30)
                let (early, _) = try await run("clean", home, redis)
                #expect(early.ending == .exit(65) && early.complaints.count == 1)
            }
            #expect(try await run("validate", home, redis).0.ending == .exit(0))
            let (clean, cleaned) = try await run("clean", home, redis)
            #expect(clean.ending == .exit(0) && cleaned["removed"] == 90)
            #expect(try await redis.dumps().count == before.count - 90)
            let (back, restored) = try await run("rollback", home, redis, "--undo-import")
            #expect(back.ending == .exit(0), "\(back.errors)")
            #expect(restored["undone"]?["conversations"] == 30 && restored["undone"]?["projects"] == 1)
            #expect(try await redis.dumps() == before)
        }
    }

    @Test("Killed in the middle of a step, it goes on where it is run again")
    func killed() async throws {
        try await with(600) { home, redis in
            let before = try await redis.dumps()
            #expect(try await kill("backup", home, redis, when: "backup.jsonl.part") == .signal(SIGKILL))
            #expect(try await run("backup", home, redis).1["keys"] == 1803)
            let owner = ["--owner", "alice@example.org"]
            #expect(try await kill("apply", home, redis, owner, when: "places.jsonl", holds: 4096) == .signal(SIGKILL))
            let (_, account) = try await run("apply", home, redis, owner[0], owner[1])
            let (imported, there) = (account["imported"]?.intValue ?? 0, account["already_there"]?.intValue ?? 0)
            #expect(imported > 0 && there > 0 && imported + there == 3000)
            #expect(try await run("validate", home, redis).1["messages"] == 2400)
            #expect(try await kill("clean", home, redis, when: "cleaned.jsonl", holds: 1) == .signal(SIGKILL))
            #expect(try await run("validate", home, redis).0.ending == .exit(0))
            #expect(try await run("clean", home, redis).0.ending == .exit(0))
            #expect(try await redis.dumps().count == before.count - 1800)
            #expect(try await kill("rollback", home, redis, when: "replaced.jsonl") == .signal(SIGKILL))
            #expect(try await run("rollback", home, redis).1["holds"] == true)
            #expect(try await redis.dumps() == before)
        }
    }

    /// Starts a step, and ends it with SIGKILL as soon as its file holds so much.
    private func kill(
        _ step: String,
        _ home: ParleyHome,
        _ redis: OldRedisServer,
        _ more: [String] = [],
        when file: String,
        holds bytes: Int = 0
    ) async throws -> ChildProcess.Ending {
        let process = try home.start(
            ["migrate", "redis", step, "--from", redis.url, "--state", "rescue"] + more,
            environment: [:],
            output: try home.newFile("killed.out"),
            errors: try home.newFile("killed.err")
        )
        let path = home.path("rescue/" + file)
        func size() -> Int? {
            // None where there is no file yet.
            try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        }
        while size().map({ $0 < bytes }) ?? true { await Task.yield() }
        process.send(SIGKILL)
        return await process.ending()
    }

    @Test("What can't be had ends it with words and a status: no Redis, no directory, no owner, a used directory")
    func failures() async throws {
        try await with(1) { home, redis in
            let gone = try await home.run("migrate", "redis", "plan", "--from", "redis://127.0.0.1:1")
            #expect(gone.ending == .exit(69) && gone.complaints.count == 1)
            let wrong = try await home.run("migrate", "redis", "plan", "--from", "http://x")
            #expect(wrong.ending == .exit(65) && wrong.complaints.count == 1)
            let (owner, _) = try await run("apply", home, redis, "--owner", "nobody")
            #expect(owner.ending == .exit(65))
            let (early, _) = try await run("validate", home, redis)
            #expect(early.ending == .exit(65))
            try home.write("", to: "file")
            let place = try await home.run("migrate", "redis", "backup", "--from", redis.url, "--state", "file")
            #expect(place.ending == .exit(69) && place.complaints.count == 1)
        }
    }
}

/// A real Redis with what an older server kept in it.
struct OldRedisServer: Sendable {
    let url: String
    let client: RedisClient

    static func with(_ body: (OldRedisServer) async throws -> Void) async throws {
        let server = try await FewAtATime.servers.run { try await FaultRedis.start() }
        do {
            var configuration = RedisConfiguration(url: try RedisURL("redis://127.0.0.1:\(server.port)"))
            configuration.connectTimeout = .seconds(20)
            configuration.commandTimeout = .seconds(20)
            let client = try RedisClient(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await client.run() }
                defer { group.cancelAll() }
                try await client.waitUntilConnected()
                try await body(OldRedisServer(url: "redis://127.0.0.1:\(server.port)", client: client))
            }
        } catch {
            await server.end()
            throw error
        }
        await server.end()
    }

    /// Writes conversations of four messages: two under keys of their own, one of which the session repeats; and two that only
    /// the session has.
    func fill(_ count: Int) async throws {
        func said(_ role: String, _ text: String, _ second: Int, _ session: String) -> JSON {
            [
                "role": .string(role), "content": .string(text), "session_id": .string(session),
                "timestamp": .string("2024-05-01T09:14:0\(second)Z"), "user_id": "bob@example.org",
            ]
        }
        for number in 0..<count {
            let session = "s\(number)"
            let (one, two) = (said("user", "Question \(number)", 1, session), said("ai_pm", "Answer", 2, session))
            try await set("project:apollo:memory:message:\(number)a", one)
            try await set("project:apollo:memory:message:\(number)b", two)
            let list = [one, said("user", "And then?", 5, session), said("ai_pm", "Nothing.", 6, session)]
            try await set("session_\(session)", ["project_id": "apollo", "messages": .array(list)])
        }
        try await set("project:apollo:memory:preferences:theme", ["theme": "dark"])
        try await set("session_half", "cut off")
        _ = try await client.send(["RPUSH", "session_list", "a", "b"])
    }

    private func set(_ key: String, _ value: JSON) async throws {
        _ = try await client.send(["SET", .string(key), .bytes(value.serialized)])
    }

    /// Every key with what Redis writes down for it.
    func dumps() async throws -> [String: [UInt8]] {
        var dumps: [String: [UInt8]] = [:]
        for key in try await client.send(["KEYS", "*"]).elements.compactMap(\.string) {
            dumps[key] = try await client.send(["DUMP", .string(key)]).withText { Array($0) }
        }
        return dumps
    }
}
