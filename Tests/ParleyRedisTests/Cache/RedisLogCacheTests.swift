import Foundation
import ParleyCore
import ParleyStore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("The shared cache of logs in a real Redis")
struct RedisLogCacheTests {
    private static let settings = CacheSettings(lifetime: .seconds(1000), limit: 4, localBytes: 0)

    /// A store over a real Redis, with a conversation of some messages that has been read once.
    private func withStore(
        _ count: Int = 6,
        _ body: (CachedStore, ConversationID, RedisClient, _ key: String) async throws -> Void
    ) async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in
                let cache = RedisLogCache(client, settings: Self.settings, random: SplitMix64(seed: 7))
                // Its times in whole milliseconds, as elements have them.
                let memory = MemoryStore(clock: ManualClock(tick: .milliseconds(1)))
                let store = CachedStore(VersionedMemoryStore(memory), cache: cache, settings: Self.settings)
                let id = try await store.createConversation(NewConversation(), as: .alice).value.id
                for number in 0..<count { try await say("\(number)", in: id, store) }
                _ = try await texts(id, store)
                try await body(store, id, client, RedisKeys.messages(of: id))
            }
        }
    }

    private func say(_ text: String, in id: ConversationID, _ store: CachedStore) async throws {
        _ = try await store.appendMessages([.user(text)], to: id, expectedRevision: nil, as: .alice)
    }

    private func texts(_ id: ConversationID, _ store: CachedStore) async throws -> [String] {
        try await store.messages(in: id, .newest, limit: 4, as: .alice).messages.map(\.content)
    }

    @Test("a list that redis-cli can read, newest first, no longer than the limit")
    func readable() async throws {
        try await withStore { store, id, client, key in
            try await say("6", in: id, store)
            let elements = try await client.list(key).map { try JSON(parsing: $0) }
            #expect(elements.map { $0["message"]?["content"]?.stringValue } == ["6", "5", "4", "3"])
            #expect(elements.map { $0["seq"]?.intValue } == [7, 6, 5, 4])
            #expect(elements.allSatisfy { $0["tag"]?.stringValue?.count == 16 })
            let truth = try await store.messages(in: id, .after(3), limit: 4, as: .alice).messages
            #expect(elements.compactMap { $0["message"].flatMap(Message.init(wire:)) } == truth.reversed())
            let keys = try await client.send(["KEYS", "*"]).elements.compactMap(\.string)
            #expect(keys == [key])
        }
    }

    @Test("an entry lives as long as is set, or up to a tenth less, and a push begins its life anew")
    func lifetime() async throws {
        try await withStore { store, id, client, key in
            let filled = try #require(try await client.send(["PTTL", .string(key)]).integer)
            #expect(filled > 800_000 && filled <= 1_000_000)
            _ = try await client.send(["PEXPIRE", .string(key), 500_000])
            try await say("6", in: id, store)
            let pushed = try #require(try await client.send(["PTTL", .string(key)]).integer)
            #expect(pushed > 800_000 && pushed <= 1_000_000)
            _ = try await client.send(["PEXPIRE", .string(key), 0])
            #expect(try await texts(id, store) == ["3", "4", "5", "6"])
            #expect(try await client.list(key).count == 4)
        }
    }

    @Test(
        "whatever else lies under the key is refused and repaired",
        arguments: [
            ["SET", "a string"], ["HSET", "a", "hash"], ["SADD", "a set"], ["ZADD", "1", "a"], ["LPUSH", "garbage"],
            ["RPUSH", ""], ["LPUSH", "{\"rev\":1,\"tag\":\"0000000000000001\",\"seq\":1,\"message\":{}}"],
        ]
    )
    func repair(_ poison: [String]) async throws {
        try await withStore { store, id, client, key in
            let whole = try await client.list(key)
            for isEmptied in [true, false] {
                if isEmptied || poison[0].dropFirst() != "PUSH" { _ = try await client.send(["DEL", .string(key)]) }
                let rest = poison.dropFirst().map { RedisArgument.string($0) }
                _ = try await client.send(RedisCommand([.string(poison[0]), .string(key)] + rest))
                #expect(try await texts(id, store) == ["2", "3", "4", "5"])
                #expect(try await client.list(key).prefix(4) == whole[...])
            }
            // What a push finds is repaired, too.
            _ = try await client.send(["DEL", .string(key)])
            _ = try await client.send(["SET", .string(key), "a string"])
            try await say("6", in: id, store)
            #expect(try await client.send(["EXISTS", .string(key)]).integer == 0)
            #expect(try await texts(id, store) == ["3", "4", "5", "6"])
        }
    }

    @Test("another conversation's entry under this one's key is refused")
    func foreignEntry() async throws {
        try await withStore { store, id, client, key in
            let other = try await store.createConversation(NewConversation(), as: .bob).value.id
            _ = try await store.appendMessages([.user("secret")], to: other, expectedRevision: nil, as: .bob)
            _ = try await store.messages(in: other, .newest, limit: 4, as: .bob)
            _ = try await client.send(["COPY", .string(RedisKeys.messages(of: other)), .string(key), "REPLACE"])
            #expect(try await texts(id, store) == ["2", "3", "4", "5"])
        }
    }

    @Test("an edit and a deletion leave no entry of what was before")
    func drops() async throws {
        try await withStore { store, id, client, key in
            let first = try await store.messages(in: id, .newest, limit: 1, as: .alice).messages[0]
            _ = try await store.editMessage(
                first.id,
                in: id,
                MessageChanges(content: "edited"),
                expectedRevision: nil,
                as: .alice
            )
            #expect(try await client.send(["EXISTS", .string(key)]).integer == 0)
            #expect(try await texts(id, store).last == "edited")
            _ = try await store.deleteConversation(id, expectedRevision: nil, as: .alice)
            #expect(try await client.send(["EXISTS", .string(key)]).integer == 0)
        }
    }

    @Test("a Redis without memory takes nothing, and nobody is shown what it has kept")
    func outOfMemory() async throws {
        try await withStore { store, id, client, key in
            let filled = try await client.list(key)
            _ = try await client.send(["CONFIG", "SET", "maxmemory", "1"])
            try await say("6", in: id, store)
            #expect(try await client.list(key) == filled)
            #expect(try await texts(id, store) == ["3", "4", "5", "6"])
            _ = try await client.send(["CONFIG", "SET", "maxmemory", "0"])
            #expect(try await texts(id, store) == ["3", "4", "5", "6"])
            #expect(try await client.list(key) != filled)
        }
    }

    @Test("without Redis everything goes on", arguments: [SIGSTOP, SIGKILL])
    func gone(_ signal: Int32) async throws {
        try await CacheRedis.with { server in
            // Every call waits that long for one that is stopped, until the client leaves it alone.
            try await server.withClient(within: .milliseconds(50)) { client in
                let cache = RedisLogCache(client, settings: Self.settings)
                let store = CachedStore(VersionedMemoryStore(), cache: cache, settings: Self.settings)
                let id = try await store.createConversation(NewConversation(), as: .alice).value.id
                for number in 0..<30 {
                    if number == 3 { server.signal(signal) }
                    try await say("\(number)", in: id, store)
                    #expect(try await texts(id, store).last == "\(number)")
                }
            }
        }
    }

    @Test("thousands of entries are dropped in steps, and a drop of none asks nothing")
    func manyDrops() async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in
                let cache = RedisLogCache(client)
                let ids = (0..<600).map { ConversationID(high: 1, low: UInt64($0)) }
                for id in ids { _ = try await client.send(["SET", .string(RedisKeys.messages(of: id)), "x"]) }
                await cache.drop([])
                await cache.drop(ids)
                #expect(try await client.send(["DBSIZE"]).integer == 0)
            }
        }
    }
}
