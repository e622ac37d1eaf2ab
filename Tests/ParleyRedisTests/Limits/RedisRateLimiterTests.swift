import Foundation
import Logging
import ParleyCore
import ParleyStore
import ParleyTesting
import RedisWire
import Synchronization
import Testing

@testable import ParleyRedis

@Suite("RedisRateLimiter", .serialized, .timeLimit(.minutes(15)))
struct RedisRateLimiterTests {
    private func withClient<R: Sendable>(
        _ configuration: RedisConfiguration,
        _ body: (RedisClient) async throws -> R
    ) async throws -> R {
        let client = try RedisClient(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            defer { group.cancelAll() }
            try await client.waitUntilConnected()
            return try await body(client)
        }
    }

    @Test("The script decides as the Swift rule does, take for take", arguments: 0..<3)
    func twin(_ seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let limits = [
            RateLimit.newConversations, .turns, .appends, .signIns, .registrations,
            RateLimit(name: "one", 1, per: .seconds(3600), burst: 1),
            RateLimit(name: "fast", 1_000_000, per: .seconds(1), burst: 3),
        ]
        try await LiveRedis.with { redis in
            try await withClient(redis.configuration()) { client in
                let start: Int64 = 1_767_603_600_000_000
                let now = Mutex(start)
                let shared = RedisRateLimiter(
                    client: client,
                    fallback: NoRateLimiter(),
                    timeout: .seconds(20),
                    fellBack: { Issue.record("Redis was there") },
                    now: { now.withLock(\.self) }
                )
                for limit in limits {
                    var twins: [String: GCRA] = [:]
                    for _ in 0..<150 {
                        let key = "key \(random.place(in: 3))"
                        now.withLock { now in
                            if random.oneIn(3) {
                                let most = max(2, limit.interval.wholeMicroseconds * Int64(limit.burst) / 4)
                                now += Int64.random(in: 0...most, using: &random)
                            }
                        }
                        let time = Duration.microseconds(now.withLock(\.self))
                        let expected = twins[key, default: GCRA()].take(at: time, from: limit)
                        #expect(await shared.take(key, from: limit) == expected)
                    }
                }
            }
        }
    }

    @Test(
        "An interval that is no whole microsecond is rounded up",
        arguments: [(7, 142_858), (3, 333_334), (10, 100_000)]
    )
    func rounding(count: Int, microseconds: Int64) {
        #expect(RateLimit(name: "x", count, per: .seconds(1), burst: 1).interval.wholeMicroseconds == microseconds)
    }

    @Test("Two instances share a budget, by Redis's clock, under a key that tells nothing and goes by itself")
    func shared() async throws {
        try await LiveRedis.with { redis in
            try await withClient(redis.configuration()) { one in
                try await withClient(redis.configuration()) { two in
                    let limiters = [one, two].map {
                        RedisRateLimiter(client: $0, fallback: NoRateLimiter(), timeout: .seconds(20))
                    }
                    let limit = RateLimit(name: "test", 1, per: .seconds(3600), burst: 4)
                    for round in 0..<4 {
                        #expect(await limiters[round % 2].take("ada@example.org", from: limit) == nil)
                    }
                    for limiter in limiters {
                        let wait = try #require(await limiter.take("ada@example.org", from: limit))
                        #expect(wait > .seconds(0))
                        #expect(wait <= .seconds(3600))
                    }
                    #expect(await limiters[0].take("bob@example.org", from: limit) == nil)
                    let keys = try await one.send(["KEYS", "*"]).elements.compactMap(\.string)
                    #expect(keys.count == 2)
                    let key = "limit:test:\(RedisRateLimiter.digest("ada@example.org"))"
                    #expect(keys.contains(key))
                    #expect(keys.allSatisfy { $0.wholeMatch(of: /limit:test:[0-9a-f]{32}/) != nil })
                    let left = try #require(try await one.send(["PTTL", .string(key)]).integer)
                    #expect(left > 0)
                    #expect(left <= 4 * 3_600_000)
                }
            }
        }
    }

    @Test("Of many at once no more go through than the burst")
    func concurrent() async throws {
        try await LiveRedis.with { redis in
            try await withClient(redis.configuration()) { one in
                try await withClient(redis.configuration()) { two in
                    let limit = RateLimit(name: "test", 1, per: .seconds(3600), burst: 25)
                    let passed = await withTaskGroup(of: Bool.self) { group in
                        for index in 0..<200 {
                            let client = index % 2 == 0 ? one : two
                            let limiter = RedisRateLimiter(
                                client: client,
                                fallback: NoRateLimiter(),
                                timeout: .seconds(20)
                            )
                            group.addTask { await limiter.take("key", from: limit) == nil }
                        }
                        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                    }
                    #expect(passed == 25)
                }
            }
        }
    }

    @Test("What a stranger put under the key is no reason to fail, or to wait for longer than the limit says")
    func foreignValues() async throws {
        try await LiveRedis.with { redis in
            try await withClient(redis.configuration()) { client in
                let limiter = RedisRateLimiter(
                    client: client,
                    fallback: NoRateLimiter(),
                    timeout: .seconds(20),
                    fellBack: { Issue.record("Redis was there") }
                )
                let limit = RateLimit(name: "test", 1, per: .seconds(60), burst: 2)
                func name(_ key: String) -> RedisArgument { "limit:test:\(RedisRateLimiter.digest(key))" }
                _ = try await client.send(["RPUSH", name("list"), "x"])
                _ = try await client.send(["SET", name("text"), "garbage"])
                for key in ["list", "text"] { #expect(await limiter.take(key, from: limit) == nil) }
                // As a clock that went back by years would leave it, and worse.
                for (key, value) in [("future", "99999999999999999"), ("infinite", "inf"), ("none", "nan")] {
                    _ = try await client.send(["SET", name(key), .string(value)])
                    let wait = await limiter.take(key, from: limit)
                    #expect(wait ?? .zero <= .seconds(60), "\(key)")
                }
            }
        }
    }

    @Test("When Redis is away each instance decides for itself, and when it is back they share again")
    func fallback() async throws {
        try await LiveRedis.with { redis in
            try await withClient(redis.configuration()) { client in
                let counts = Instance.Counts()
                let limiter = RedisRateLimiter(
                    client: client,
                    fallback: InProcessRateLimiter(clock: TestClock()),
                    timeout: .seconds(20),
                    fellBack: counts.counter("fallback")
                )
                let limit = RateLimit(name: "test", 1, per: .seconds(3600), burst: 2)
                #expect(await limiter.take("key", from: limit) == nil)
                #expect(counts["fallback"] == 0)
                await redis.kill()
                // The connection may look alive for a moment, but no answer comes.
                #expect(await limiter.take("key", from: limit) == nil)
                #expect(await limiter.take("key", from: limit) == nil)
                #expect(await limiter.take("key", from: limit) == .seconds(3600))
                #expect(counts["fallback"] == 3)
                try await redis.startAgain()
                // The breaker lets one through after a while.
                while true {
                    try await client.waitUntilConnected()
                    let before = counts["fallback"]
                    _ = await limiter.take(
                        "probe",
                        from: RateLimit(name: "probe", 1, per: .seconds(1), burst: 1_000_000)
                    )
                    if counts["fallback"] == before { break }
                    await Task.yield()
                }
                #expect(await limiter.take("key", from: limit) == nil)
                #expect(await limiter.take("key", from: limit) == nil)
                #expect(try #require(await limiter.take("key", from: limit)) > .zero)
            }
        }
    }

    @Test("A Redis that stands still costs a bounded time, and then the instance decides for itself")
    func paused() async throws {
        try await LiveRedis.with { redis in
            try await withClient(redis.configuration(timeout: .milliseconds(100))) { client in
                let limiter = RedisRateLimiter(
                    client: client,
                    fallback: InProcessRateLimiter(clock: TestClock())
                )
                let limit = RateLimit(name: "test", 1, per: .seconds(3600), burst: 1)
                redis.signal(SIGSTOP)
                #expect(await limiter.take("key", from: limit) == nil)
                #expect(await limiter.take("key", from: limit) == .seconds(3600))
                redis.signal(SIGCONT)
            }
        }
    }
}
