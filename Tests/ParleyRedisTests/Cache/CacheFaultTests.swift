import Foundation
import ParleyCore
import ParleyStore
import ParleyTesting
import RedisWire
import Synchronization
import Testing

@testable import ParleyRedis

/// Two instances over one truth and one Redis, all at work while Redis is treated badly.
@Suite("The cache under faults")
struct CacheFaultTests {
    private static let settings = CacheSettings(limit: 5, localBytes: 1 << 20)
    private static let conversations = 3
    private static let rounds = 300

    @Test(
        "no read is stale, has gaps, or shows what was deleted, whatever happens to Redis",
        arguments: CacheTruth.allCases
    )
    func noStaleRead(_ truth: CacheTruth) async throws {
        let counts = Mutex<[CacheEvent: Int]>([:])
        let counters = CacheCounters { event in counts.withLock { $0[event, default: 0] += 1 } }
        try await CacheRedis.with { server in
            // One loses patience whenever Redis stalls, the other waits: also on a busy machine somebody uses the cache.
            try await server.withClient(within: .milliseconds(50)) { one in
                try await server.withClient { two in
                    try await truth.with { truths in
                        let stores = zip(truths, [one, two])
                            .map { truth, client in
                                let cache = RedisLogCache(client, settings: Self.settings)
                                return CachedStore(truth, cache: cache, settings: Self.settings, counters: counters)
                            }
                        var ids: [ConversationID] = []
                        for _ in 0..<Self.conversations {
                            let made = try await truths[0].createConversation(NewConversation(), as: .alice)
                            ids.append(made.value.id)
                        }
                        try await work(on: ids, stores, truths[0], server)
                    }
                }
            }
        }
        // Without hits and refusals nothing was tried.
        let events = counts.withLock { $0 }
        #expect(events[.hit, default: 0] > 20, "\(events)")
        #expect(events[.localHit, default: 0] > 20, "\(events)")
        #expect(events[.miss, default: 0] > 20, "\(events)")
    }

    private func work(
        on ids: [ConversationID],
        _ stores: [CachedStore],
        _ truth: any ConversationStore,
        _ server: CacheRedis
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, store) in stores.enumerated() {
                group.addTask { try await write(to: ids, store, SplitMix64(seed: UInt64(number))) }
                for reader in 0..<2 {
                    group.addTask {
                        let random = SplitMix64(seed: UInt64(100 + number * 10 + reader))
                        try await read(ids, store, truth, random)
                    }
                }
            }
            group.addTask { try await maltreat(server, ids) }
            try await group.waitForAll()
        }
        // At rest, everybody sees the truth.
        for id in ids {
            let expected = try await truth.messages(in: id, .newest, limit: 5, as: .alice)
            for store in stores {
                #expect(
                    try await store.messages(in: id, .newest, limit: 5, as: .alice).messages.map(\.content)
                        == expected.messages.map(\.content)
                )
            }
        }
    }

    private func write(to ids: [ConversationID], _ store: CachedStore, _ random: SplitMix64) async throws {
        var random = random
        for number in 0..<Self.rounds {
            let id = random.pick(ids)
            if random.oneIn(5), let last = try await store.messages(in: id, .newest, limit: 1, as: .alice).messages.last
            {
                _ = try await store.editMessage(
                    last.id,
                    in: id,
                    MessageChanges(content: "edited \(number)"),
                    expectedRevision: nil,
                    as: .alice
                )
            } else {
                _ = try await store.appendMessages([.user("\(number)")], to: id, expectedRevision: nil, as: .alice)
            }
        }
    }

    /// Each answer lies between what the truth was before the read and what it is after.
    private func read(
        _ ids: [ConversationID],
        _ store: CachedStore,
        _ truth: any ConversationStore,
        _ random: SplitMix64
    ) async throws {
        var random = random
        for _ in 0..<Self.rounds * 2 {
            let id = random.pick(ids)
            let before = try await truth.messages(in: id, .newest, limit: Self.rounds * 4, as: .alice).messages
            let page = try await store.messages(in: id, .newest, limit: 5, as: .alice)
            let after = try await truth.messages(in: id, .newest, limit: Self.rounds * 4, as: .alice).messages
            let newest = page.messages.last?.seq ?? 0
            #expect(before.count <= newest && newest <= after.count)
            #expect(page.messages.map(\.seq) == Array(1...max(1, newest)).suffix(min(5, newest)))
            #expect(page.hasMore == (newest > 5))
            for message in page.messages {
                let then = message.seq <= before.count ? before[message.seq - 1].revision : 0
                let now = after[message.seq - 1]
                #expect(then <= message.revision && message.revision <= now.revision)
                if message.revision == now.revision { #expect(message.content == now.content) }
            }
        }
    }

    private func maltreat(_ server: CacheRedis, _ ids: [ConversationID]) async throws {
        var random = SplitMix64(seed: 99)
        try await server.withClient { client in
            for _ in 0..<60 {
                let key = RedisArgument.string(RedisKeys.messages(of: random.pick(ids)))
                // A paused server answers nobody, this client neither.
                let command: RedisCommand =
                    switch random.place(in: 6) {
                    case 0: ["FLUSHALL"]
                    case 1: ["SET", key, "poison"]
                    case 2: ["LPUSH", key, "poison"]
                    case 3: ["RPOP", key]
                    case 4: ["DEBUG", "SLEEP", "0.1"]
                    default: ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]
                    }
                // Poison of the wrong type refuses some of these.
                _ = try? await client.send(command)
                for _ in 0..<20 { _ = try? await client.send(["PING"]) }
            }
        }
    }
}
