import HTTPTypes
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("Messages over HTTP out of a cache")
struct EncodedLogTests {
    /// What the route writes of values.
    private static func written(_ page: MessagePage) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.messages(page.messages)
            writer.member("has_more", page.hasMore)
        }
        return writer.bytes
    }

    @Test("byte by byte what they are without it, after every kind of write", arguments: [0, 1 << 20])
    func identical(_ localBytes: Int) async throws {
        let cache = MemoryLogCache(limit: 4)
        let settings = CacheSettings(limit: 4, localBytes: localBytes)
        try await TestParley.run(cached: {
            CachedStore(VersionedMemoryStore($0), cache: cache, settings: settings)
        }) { parley in
            let alice = try await parley.caller(.alice)
            let path = try await alice.makeConversation()
            let id = try #require(ConversationID(path))
            let messages = "/api/conversations/\(path)/messages"
            func compare(_ what: Comment) async throws {
                for limit in [1, 3, 4, 5, 50, 100] {
                    // Out of the truth, and out of what was kept.
                    for _ in 0..<2 {
                        let truth = try parley.memory.messages(in: id, .newest, limit: limit, as: .alice)
                        let answer = try await alice.get("\(messages)?limit=\(limit)")
                        #expect(answer.status == .ok)
                        #expect(answer.bytes == Self.written(truth), what)
                        #expect(answer.headers[.contentType] == "application/json; charset=utf-8")
                        #expect(answer.headers[.cacheControl] == "no-store")
                    }
                }
            }
            try await compare("an empty log")
            let first = try await alice.say("Hello \"you\" \\ \u{1F600} \u{2028} \u{1}", in: path)
            try await compare("one message")
            let batch = #"""
                {"messages": [{"role": "assistant", "content": "Hi", "confidence": 0.1, "model": "m",
                "contexts": [{"title": "t", "text": "x"}], "metadata": {"z": 1, "a": [1.50, null, 1e400]}},
                {"role": "tool", "parts": [{"type": "tool_result", "text": "42"}]}]}
                """#
            #expect(try await alice.post(messages, JSON(parsing: batch)).status == .created)
            try await compare("a batch")
            _ = try await alice.patch("\(messages)/\(first)", ["content": "Hello, you"])
            try await compare("an edit")
            _ = try await alice.put("\(messages)/\(first)/reactions/%F0%9F%91%8D")
            try await compare("a reaction")
            for number in 0..<3 { _ = try await alice.say("\(number)", in: path) }
            try await compare("more than is kept")
            _ = try await alice.post("/api/chat", ["conversation_id": .string(path), "message": "Why?"])
            try await compare("a turn")
            _ = try await alice.delete("\(messages)/\(first)")
            try await compare("a deletion")
            #expect(!cache[id].isEmpty)
            let mallory = try await parley.caller(.mallory)
            #expect(try await mallory.get(messages).status == .notFound)
            #expect(try await alice.delete("/api/conversations/\(path)").status == .ok)
            #expect(try await alice.get(messages).status == .notFound)
        }
    }
}
