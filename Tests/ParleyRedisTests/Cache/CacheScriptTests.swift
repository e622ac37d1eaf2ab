import ParleyCore
import ParleyStore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("The cache's scripts in a real Redis")
struct CacheScriptTests {
    private static let limit = 4

    @Test("do what their twins do, whatever lies under the key", arguments: [1, 2, 3] as [UInt64])
    func twins(_ seed: UInt64) async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in
                var random = SplitMix64(seed: seed)
                let twin = LogCacheTwin<[UInt8]>(limit: Self.limit)
                var list: [[UInt8]] = []
                var outcomes: [String: Int] = [:]
                for number in 0..<1500 {
                    if random.oneIn(4) {
                        list = try await scramble(list, in: client, &random)
                        continue
                    }
                    let outcome: (twin: Int, redis: Int64?)
                    let elements = (0..<1 + random.place(in: 6)).map { _ in element(&random) }
                    let tag = tag(&random)
                    let name: String
                    if random.oneIn(3) {
                        name = "fill"
                        outcome.twin = twin.fill(elements, tag: tag, to: &list)
                        outcome.redis = try await client.run(
                            CacheScripts.fill,
                            keys: ["log"],
                            arguments: [.string(tag.text), 100_000] + elements.map { .bytes($0) }
                        ).integer
                    } else {
                        name = "push"
                        let revision = random.place(in: 6)
                        outcome.twin = twin.push(elements, before: tag, revision: revision, to: &list)
                        outcome.redis = try await client.run(
                            CacheScripts.push,
                            keys: ["log"],
                            arguments: [.string(tag.text), .integer(revision), .integer(Self.limit), 100_000]
                                + elements.map { .bytes($0) }
                        ).integer
                    }
                    outcomes["\(name) \(outcome.twin)", default: 0] += 1
                    let stored = try await client.list("log")
                    guard outcome.redis == Int64(outcome.twin), stored == list else {
                        Issue.record("seed \(seed), step \(number): \(name) gave \(outcome), \(stored.count) elements")
                        return
                    }
                }
                // Everything that can come of a script has come.
                let all = ["push 0", "push 1", "push 2", "push 3", "fill 0", "fill 1"]
                #expect(Set(outcomes.keys) == Set(all))
            }
        }
    }

    /// Puts something else there, as anybody with a password can; returns what the twin takes it for.
    private func scramble(
        _ list: [[UInt8]],
        in client: RedisClient,
        _ random: inout SplitMix64
    ) async throws -> [[UInt8]] {
        let garbage = [
            "garbage", "", "{", "null", "{\"rev\":1}", "{\"rev\":1,\"tag\":\"xyz\",\"seq\":1,\"message\":{}}",
            "{\"rev\":1,\"tag\":\"0000000000000001\",\"seq\":1,\"message\":[]}",
            "{\"rev\":1000000000000000,\"tag\":\"0000000000000001\",\"seq\":1,\"message\":{}}",
            "{\"rev\":1,\"tag\":\"00000000000000001\",\"seq\":1,\"message\":{}}",
        ]
        switch random.place(in: 5) {
        case 0:
            _ = try await client.send(["DEL", "log"])
            return []
        case 1:
            // The twin knows no other types: it takes them for one element that is none.
            _ = try await client.send(["SET", "log", "a string"])
            return [[0]]
        case 2:
            _ = try await client.send(["DEL", "log"])
            _ = try await client.send(["HSET", "log", "a", "hash"])
            return [[0]]
        default:
            let element = Array(random.pick(garbage).utf8)
            let isAtHead = random.oneIn(2)
            guard list != [[0]] else { return list }
            _ = try await client.send([isAtHead ? "LPUSH" : "RPUSH", "log", .bytes(element)])
            return isAtHead ? [element] + list : list + [element]
        }
    }

    private func tag(_ random: inout SplitMix64) -> LogTag {
        // Above what a double holds, and different in the last bits only.
        LogTag(bits: 0xFFFF_FFFF_FFFF_FFF0 | UInt64(random.place(in: 4)))
    }

    private func element(_ random: inout SplitMix64) -> [UInt8] {
        let seq = random.place(in: 100)
        return Array(
            "{\"rev\":\(random.place(in: 6)),\"tag\":\"\(tag(&random).text)\",\"seq\":\(seq),\"message\":{\"n\":\(seq)}}"
                .utf8
        )
    }
}
