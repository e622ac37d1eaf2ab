import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyStore

@Suite("Pages as they go over the wire")
struct EncodedPageTests {
    @Test("are the bytes of the values, wherever they come from", arguments: [1, 3, 4, 5, 50], [0, 1 << 20])
    func encoded(_ limit: Int, _ localBytes: Int) async throws {
        let settings = CacheSettings(limit: 4, localBytes: localBytes)
        let truth = VersionedMemoryStore()
        let store = CachedStore(truth, cache: MemoryLogCache(limit: 4), settings: settings)
        for count in [0, 1, 4, 6] {
            let id = try await store.createConversation(NewConversation(), as: .alice).value.id
            for number in 0..<count {
                let message = NewMessage.user("Number \(number), \"quoted\" \\ \u{1}")
                _ = try await store.appendMessages([message], to: id, expectedRevision: nil, as: .alice)
                // Out of the truth, out of the cache, and out of what the append has brought along.
                for _ in 0..<2 {
                    let page = try await store.encodedNewestMessages(in: id, limit: limit, as: .alice)
                    let expected = try await truth.messages(in: id, .newest, limit: limit, as: .alice)
                    #expect(page.messages == EncodedLog(expected.messages).bytes)
                    #expect(page.hasMore == expected.hasMore)
                }
            }
        }
    }

    @Test("a log keeps no more than its limit, whatever is appended", arguments: 0...6)
    func appending(_ count: Int) {
        let all = (1...10).map { number in
            Message(
                id: MessageID(high: 1, low: UInt64(number)),
                conversationID: ConversationID(high: 2, low: 2),
                projectID: ProjectID(high: 3, low: 3),
                seq: number,
                revision: number + 1,
                role: .user,
                content: "\(number)",
                createdAt: .example,
                updatedAt: .example
            )
        }
        for before in 0...4 {
            let log = EncodedLog(Array(all.prefix(before)))
            let added = all[before..<before + count].map { JSONWriter.bytes(of: $0) }
            let appended = log.appending(added, limit: 4)
            let expected = Array(all.prefix(before + count).suffix(4))
            #expect(appended.bytes == EncodedLog(expected).bytes)
            #expect(appended.values(newest: 4) == expected)
        }
    }
}
