import ParleyCore
import ParleyTesting
import Testing

@Suite("What goes over the wire, read back")
struct WireParsingTests {
    private static let time = Timestamp(microseconds: 1_795_000_000_123_000)

    private func bytes(_ write: (inout JSONWriter) -> Void) throws -> JSON {
        var writer = JSONWriter()
        write(&writer)
        return try JSON(parsing: writer.bytes)
    }

    private let plain = Message(
        id: MessageID(high: 1, low: 2),
        conversationID: ConversationID(high: 3, low: 4),
        projectID: ProjectID(high: 5, low: 6),
        seq: 7,
        revision: 9,
        role: .user,
        author: EmailAddress(normalized: "ada@example.org"),
        content: "Hé \"quoted\" \u{1F469}\u{200D}\u{1F680}\n",
        createdAt: time,
        updatedAt: time + .milliseconds(5)
    )

    @Test("a message with nothing optional")
    func plainMessage() throws {
        #expect(Message(wire: try bytes { $0.message(plain) }) == plain)
    }

    @Test("a message with everything", arguments: MessageStatus.allCases)
    func fullMessage(_ status: MessageStatus) throws {
        let message = Message(
            id: MessageID(high: 1, low: 2),
            conversationID: ConversationID(high: 3, low: 4),
            projectID: ProjectID(high: 5, low: 6),
            seq: 1,
            revision: 2,
            role: .assistant,
            content: "",
            parts: [["type": "image", "n": .number(try #require(JSONNumber(0.1)))]],
            status: status,
            isEdited: true,
            reactions: [Reaction(emoji: "👍", users: [EmailAddress(normalized: "b@example.org")])],
            metadata: ["b": 1, "a": ["deep": [true, .null]]],
            contexts: [["title": "t", "text": "x"]],
            aiResponse: ["explanation": "e"],
            confidence: 0.725,
            model: "m",
            tokensUsed: TokenUsage(prompt: 3, completion: 4),
            latencyMilliseconds: 12,
            nextIndex: 5,
            createdAt: Self.time,
            updatedAt: Self.time
        )
        #expect(Message(wire: try bytes { $0.message(message) }) == message)
    }

    @Test("a conversation")
    func conversation() throws {
        let conversation = Conversation(
            id: ConversationID(high: 3, low: 4),
            projectID: ProjectID(high: 5, low: 6),
            owner: EmailAddress(normalized: "ada@example.org"),
            title: "T",
            description: "D",
            status: .archived,
            isPinned: true,
            metadata: ["k": "v"],
            messageCount: 4,
            revision: 8,
            preview: "p",
            createdAt: Self.time,
            updatedAt: Self.time,
            lastMessageAt: Self.time,
            forkedFrom: ForkOrigin(conversationID: ConversationID(high: 1, low: 1), seq: 3)
        )
        #expect(Conversation(wire: try bytes { $0.conversation(conversation) }) == conversation)
    }

    @Test("of what a message must have, nothing may be missing or of another kind")
    func damaged() throws {
        let json = try bytes { $0.message(plain) }
        let object = try #require(json.objectValue)
        let needed = [
            "id", "conversation_id", "project_id", "seq", "revision", "role", "content", "status", "is_edited",
            "metadata",
            "created_at", "updated_at",
        ]
        for name in needed {
            var without = object
            without[name] = nil
            #expect(Message(wire: .object(without)) == nil, "\(name)")
            var other = object
            other[name] = .array([])
            #expect(Message(wire: .object(other)) == nil, "\(name)")
        }
        #expect(Message(wire: .null) == nil)
    }

    @Test("times in their own form and in no other")
    func times() {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<2_000 {
            let milliseconds = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &generator)
            let time = Timestamp(microseconds: milliseconds * 1000)
            #expect(Timestamp(time.description) == time)
        }
        let wrong = [
            "", "2026-11-21T09:14:00Z", "2026-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z",
            "2026-11-21 09:14:00.000Z", "2026-11-21T24:00:00.000Z", "2026-11-21T09:14:00.000+",
            "２026-11-21T09:14:00.000Z",
            "2026-11-21T09:14:00,000Z", "2026-11-21T09:60:00.000Z", "2026-00-10T00:00:00.000Z",
            "0000-01-01T00:00:00.000Z",
        ]
        for text in wrong { #expect(Timestamp(text) == nil, "\(text)") }
    }
}
