import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyStore

@Suite("A store with a cache")
struct CachedStoreTests {
    private final class Events: Sendable {
        private let counts = Mutex<[CacheEvent: Int]>([:])
        var all: [CacheEvent: Int] { counts.withLock { $0 } }
        var counters: CacheCounters { CacheCounters { event in self.counts.withLock { $0[event, default: 0] += 1 } } }
    }

    /// What the truth was asked.
    private final class Questions: Sendable {
        private let state = Mutex((checks: 0, reads: 0))
        var checks: Int { state.withLock(\.checks) }
        var reads: Int { state.withLock(\.reads) }
        func check() { state.withLock { $0.checks += 1 } }
        func read() { state.withLock { $0.reads += 1 } }
    }

    private let events = Events()
    private let questions = Questions()
    private let cache = MemoryLogCache(limit: 4)

    private func store(localBytes: Int = 0, entryBytes: Int = 64 * 1024) -> CachedStore {
        let questions = questions
        return CachedStore(
            VersionedMemoryStore(isAsked: { _ in questions.check() }, isRead: { _ in questions.read() }),
            cache: cache,
            settings: CacheSettings(limit: 4, entryBytes: entryBytes, localBytes: localBytes),
            counters: events.counters
        )
    }

    private func conversation(_ store: CachedStore, _ texts: Int) async throws -> ConversationID {
        let id = try await store.createConversation(NewConversation(), as: .alice).value.id
        for number in 0..<texts { try await say("\(number)", in: id, store) }
        return id
    }

    private func say(_ text: String, in id: ConversationID, _ store: CachedStore) async throws {
        _ = try await store.appendMessages([.user(text)], to: id, expectedRevision: nil, as: .alice)
    }

    private func texts(_ id: ConversationID, _ store: CachedStore, limit: Int = 4) async throws -> [String] {
        try await store.messages(in: id, .newest, limit: limit, as: .alice).messages.map(\.content)
    }

    @Test("reads the truth once, and then what an append has put before it")
    func writeThrough() async throws {
        let store = store()
        let id = try await conversation(store, 6)
        #expect(cache[id].isEmpty)
        #expect(try await texts(id, store) == ["2", "3", "4", "5"])
        #expect(cache[id].count == 4)
        try await say("6", in: id, store)
        #expect(try await texts(id, store) == ["3", "4", "5", "6"])
        #expect(try await texts(id, store, limit: 2) == ["5", "6"])
        #expect(events.all == [.miss: 1, .hit: 2])
        #expect(questions.reads == 1)
    }

    @Test("knows whether it holds the whole log")
    func whole() async throws {
        let store = store()
        let short = try await conversation(store, 3)
        _ = try await texts(short, store)
        let page = try await store.messages(in: short, .newest, limit: 50, as: .alice)
        #expect(page.messages.count == 3 && !page.hasMore)
        #expect(questions.reads == 1)
        let long = try await conversation(store, 7)
        _ = try await texts(long, store)
        #expect(try await store.messages(in: long, .newest, limit: 4, as: .alice).hasMore)
        #expect(try await store.messages(in: long, .newest, limit: 3, as: .alice).hasMore)
        let checks = questions.checks
        #expect(try await store.messages(in: long, .newest, limit: 50, as: .alice).messages.count == 7)
        #expect(questions.checks == checks + 1)
        // From now on it is known to be long, and the truth is asked once only.
        #expect(try await store.messages(in: long, .newest, limit: 50, as: .alice).messages.count == 7)
        #expect(questions.checks == checks + 1)
        #expect(events.all[.beyond] == 2)
    }

    @Test("answers an empty log from its version alone")
    func empty() async throws {
        let store = store()
        let id = try await conversation(store, 0)
        #expect(try await texts(id, store).isEmpty)
        #expect(questions.reads == 0)
    }

    @Test("refuses what is of another version, wherever it comes from")
    func stale() async throws {
        let store = store()
        let id = try await conversation(store, 3)
        _ = try await texts(id, store)
        let old = cache[id]
        try await say("new", in: id, store)
        cache[id] = old
        #expect(try await texts(id, store) == ["0", "1", "2", "new"])
        #expect(events.all[.stale] == 1)
        #expect(try await texts(id, store) == ["0", "1", "2", "new"])
        #expect(events.all[.hit] == 1)
    }

    @Test("refuses and repairs what says it is of this version, but is damaged", arguments: 0..<5)
    func broken(_ kind: Int) async throws {
        let store = store()
        let id = try await conversation(store, 6)
        _ = try await texts(id, store)
        let whole = cache[id]
        switch kind {
        case 0: cache[id].removeLast()
        case 1: cache[id][2] = Array("garbage".utf8)
        case 2: cache[id][3] = whole[2]
        case 3: cache[id][0] = Array("garbage".utf8)
        default: cache[id][1] = Array(whole[1].dropLast())
        }
        #expect(try await texts(id, store) == ["2", "3", "4", "5"])
        #expect(events.all[.broken] == 1)
        #expect(cache[id] == whole)
        #expect(try await texts(id, store) == ["2", "3", "4", "5"])
        #expect(events.all[.hit] == 1)
    }

    @Test("reads the truth while a reply is written, and keeps nothing of it")
    func streaming() async throws {
        let store = store()
        let id = try await conversation(store, 2)
        _ = try await texts(id, store)
        let request = TurnRequest(conversationID: id, message: .user("Why?"))
        let turn = try await store.beginTurn(request, expectedRevision: nil, as: .alice).value
        let lease = try turn.requireLease()
        #expect(cache[id].isEmpty)
        _ = try await store.appendPieces(["Be"], at: 0, under: lease)
        #expect(try await texts(id, store).last == "Be")
        _ = try await store.appendPieces(["cause"], at: 1, under: lease)
        #expect(try await texts(id, store).last == "Because")
        #expect(cache[id].isEmpty)
        _ = try await store.finishReply(ReplyOutcome(status: .delivered), under: lease)
        let page = try await store.messages(in: id, .newest, limit: 4, as: .alice)
        #expect(page.messages.last?.status == .delivered)
        #expect(cache[id].count == 4)
    }

    @Test("shows nobody what they may not see, however warm it is")
    func access() async throws {
        let store = store(localBytes: 1 << 20)
        let id = try await conversation(store, 3)
        _ = try await texts(id, store)
        await expectError(.notFound) { try await store.messages(in: id, .newest, limit: 4, as: .mallory) }
        await expectError(.notFound) {
            try await store.encodedNewestMessages(in: id, limit: 4, as: .mallory)
        }
        _ = try await store.deleteConversation(id, expectedRevision: nil, as: .alice)
        await expectError(.notFound) { try await store.messages(in: id, .newest, limit: 4, as: .alice) }
    }

    @Test("keeps nothing that is too large")
    func large() async throws {
        let store = store(entryBytes: 4096)
        let id = try await conversation(store, 1)
        _ = try await texts(id, store)
        #expect(cache[id].count == 1)
        try await say(String(repeating: "x", count: 2000), in: id, store)
        #expect(cache[id].isEmpty)
        _ = try await texts(id, store)
        #expect(cache[id].count == 2)
        try await say(String(repeating: "x", count: 4000), in: id, store)
        #expect(try await texts(id, store).count == 3)
        #expect(cache[id].isEmpty)
    }

    @Test("answers from its own copy while the check says so, and asks nothing else")
    func localCopy() async throws {
        let store = store(localBytes: 1 << 20)
        let id = try await conversation(store, 6)
        _ = try await texts(id, store)
        let reads = cache.reads
        for _ in 0..<3 { #expect(try await texts(id, store) == ["2", "3", "4", "5"]) }
        #expect(cache.reads == reads)
        #expect(events.all == [.miss: 1, .localHit: 3])
        // Its own append brings it along.
        try await say("6", in: id, store)
        #expect(try await texts(id, store) == ["3", "4", "5", "6"])
        #expect(cache.reads == reads)
        #expect(events.all == [.miss: 1, .localHit: 4])
        #expect(
            try await store.encodedNewestMessages(in: id, limit: 4, as: .alice).messages
                == EncodedLog(store.base.messages(in: id, .newest, limit: 4, as: .alice).messages).bytes
        )
    }

    @Test("refuses its own copy when another instance has written, and takes what that has pushed")
    func elsewhere() async throws {
        let store = store(localBytes: 1 << 20)
        let other = CachedStore(store.base, cache: cache, settings: CacheSettings(limit: 4))
        let id = try await conversation(store, 2)
        _ = try await texts(id, store)
        try await say("new", in: id, other)
        // The copy is two versions behind now: this one's own append must not bring it along.
        try await say("newer", in: id, store)
        #expect(try await texts(id, store) == ["0", "1", "new", "newer"])
        #expect(events.all == [.miss: 1, .hit: 1])
        #expect(questions.reads == 1)
    }

    @Test("an instance that is alone needs no shared cache")
    func alone() async throws {
        let store = CachedStore(VersionedMemoryStore(), cache: NoLogCache(), counters: events.counters)
        let id = try await conversation(store, 1)
        for number in 1..<20 {
            _ = try await texts(id, store)
            try await say("\(number)", in: id, store)
        }
        #expect(try await texts(id, store) == ["16", "17", "18", "19"])
        #expect(events.all == [.miss: 1, .localHit: 19])
    }

    @Test("works without a cache that answers")
    func cutOff() async throws {
        let store = store()
        let id = try await conversation(store, 3)
        _ = try await texts(id, store)
        cache.isCutOff = true
        try await say("unseen", in: id, store)
        #expect(try await texts(id, store).last == "unseen")
        cache.isCutOff = false
        // The partition is over; what the cache missed is refused.
        #expect(try await texts(id, store).last == "unseen")
        #expect(events.all[.stale] == 1)
    }
}
