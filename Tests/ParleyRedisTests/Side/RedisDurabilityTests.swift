import Logging
import ParleyCore
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("What a Redis says of itself before conversations are kept in it", .timeLimit(.minutes(15)))
struct RedisDurabilityTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("One that keeps what it acknowledges has nothing to be warned of")
    func durable() async throws {
        try await LiveRedis.with(["--appendonly"]) { redis in
            let report = try await redis.withClient { try await RedisDurability.of($0) }
            #expect(report.warnings.isEmpty)
            #expect(!report.isReplica)
            try report.requireUsable()
        }
    }

    @Test(
        "Each setting that may lose what was acknowledged is named",
        arguments: [
            (["--set", "appendonly", "no"], ["appendonly is no"]),
            (["--set", "appendonly", "yes", "--set", "appendfsync", "everysec"], ["appendfsync is everysec"]),
            (["--set", "appendonly", "yes", "--set", "appendfsync", "no"], ["appendfsync is no"]),
            (["--appendonly", "--set", "maxmemory-policy", "allkeys-lru"], ["maxmemory-policy is allkeys-lru"]),
            (["--set", "maxmemory-policy", "volatile-ttl"], ["appendonly is no", "maxmemory-policy is volatile-ttl"]),
        ]
    )
    func warnings(_ options: [String], _ beginnings: [String]) async throws {
        try await LiveRedis.with(options) { redis in
            let report = try await redis.withClient { try await RedisDurability.of($0) }
            #expect(report.warnings.count == beginnings.count)
            for (warning, beginning) in zip(report.warnings, beginnings) { #expect(warning.hasPrefix(beginning)) }
            try report.requireUsable()
        }
    }

    @Test("One that does not tell its settings is taken, and said to be unknown")
    func forbidden() async throws {
        try await LiveRedis.with(["--appendonly", "--set", "user", "default on nopass ~* &* +@all -config"]) { redis in
            let report = try await redis.withClient { try await RedisDurability.of($0) }
            #expect(report.settings.isEmpty)
            #expect(report.warnings.count == 1)
            #expect(report.warnings.first?.contains("can't be told") == true)
            try report.requireUsable()
        }
    }

    @Test("A replica is refused, with what to do")
    func replica() async throws {
        try await LiveRedis.with { master in
            try await LiveRedis.with(["--set", "replicaof", "127.0.0.1 \(master.port)"]) { replica in
                let error = await #expect(throws: ParleyError.self) {
                    _ = try await OpenedRedis.open(replica.url, logger: quiet)
                }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains("replica") == true)
            }
        }
    }

    @Test(
        "One that is too old is refused",
        arguments: [
            ("5.0.14", false), ("6.0.16", false), ("6.2.14", false), ("7.0", true), ("7.0.15", true), ("8.2.1", true),
            ("", false),
        ]
    )
    func version(_ version: String, _ isUsable: Bool) {
        let report = RedisDurability(version: version)
        if isUsable {
            #expect(throws: Never.self) { try report.requireUsable() }
        } else {
            #expect(throws: ParleyError.self) { try report.requireUsable() }
        }
    }

    @Test("Where there is none, opening says so")
    func absent() async throws {
        let url = try await LiveRedis.with { $0.url }
        let error = await #expect(throws: ParleyError.self) {
            _ = try await OpenedRedis.open(
                url,
                patience: .milliseconds(200),
                clock: SystemClock(),
                ids: UUIDv7Maker(),
                logger: quiet
            )
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.hasPrefix("Redis could not be opened") == true)
    }

    @Test("One that takes no writes is not ready, though it answers")
    func writable() async throws {
        try await LiveRedis.with(["--appendonly"]) { redis in
            try await redis.withClient { client in
                let store = RedisStore(client, clock: SystemClock(), ids: UUIDv7Maker(), logger: quiet)
                try await store.check()
                for (hindrance, remedy) in [
                    (["CONFIG", "SET", "maxmemory", "100kb"], ["CONFIG", "SET", "maxmemory", "0"]),
                    (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]),
                ] {
                    _ = try await client.send(RedisCommand(hindrance.map { .string($0) }))
                    let error = await #expect(throws: ParleyError.self) { try await store.check() }
                    #expect(error?.code == .unavailable)
                    _ = try await client.send(RedisCommand(remedy.map { .string($0) }))
                    try await store.check()
                }
            }
        }
    }

    @Test("A truth's answers may be as long as a page of the longest messages")
    func longestPage() throws {
        let configuration = OpenedRedis.configuration(for: try RedisURL("redis://127.0.0.1"))
        let message = Limits.assistantContentBytes + Limits.messageAttachmentBytes + Limits.metadataBytes
        let page = message * Limits.pageSizes.upperBound
        #expect(configuration.limits.replyBytes > page && configuration.maxBytes > page)
    }
}
