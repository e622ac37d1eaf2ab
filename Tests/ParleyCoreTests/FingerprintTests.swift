import ParleyCore
import Testing

@Suite("Fingerprints")
struct FingerprintTests {
    private static let base = NewMessage(
        role: .user,
        content: "hello",
        parts: [["type": "text"]],
        metadata: ["k": 1],
        contexts: ["c"],
        aiResponse: ["a": 1],
        confidence: 0.5,
        model: "m"
    )

    private static let variations: [@Sendable (inout NewMessage) -> Void] = [
        { $0.role = .system }, { $0.content = "hello " }, { $0.content = "" }, { $0.parts = [["type": "image"]] },
        { $0.parts = [] }, { $0.parts = nil }, { $0.metadata = ["k": 2] }, { $0.metadata = ["j": 1] },
        { $0.metadata = [:] }, { $0.contexts = ["d"] }, { $0.contexts = nil }, { $0.aiResponse = .null },
        { $0.aiResponse = nil }, { $0.confidence = 0.25 }, { $0.confidence = nil }, { $0.model = "n" },
        { $0.model = nil },
    ]

    @Test("Every field of a message counts, and no two variations are alike")
    func fields() {
        let all = Self.variations.map { vary in
            var message = Self.base
            vary(&message)
            return Fingerprint(of: message)
        }
        #expect(Set(all + [Fingerprint(of: Self.base)]).count == Self.variations.count + 1)
    }

    @Test("The same content has the same fingerprint, whatever its id")
    func sameContent() {
        var other = Self.base
        other.id = MessageID(high: 1, low: 2)
        #expect(Fingerprint(of: other) == Fingerprint(of: Self.base))
    }

    @Test("A fingerprint is what earlier versions stored")
    func stable() {
        // FNV-1a of {"role":"user","content":"hello","metadata":{}}, computed elsewhere.
        // Stored beside every message: if this changes, retries across an upgrade are refused as conflicts.
        #expect(Fingerprint(of: NewMessage(role: .user, content: "hello")).value == 2_532_562_316_849_396_294)
    }

    @Test("Text can't pass from one field into the next")
    func boundaries() {
        let project = ProjectID(high: 1, low: 1)
        let first = NewConversation(title: "a\",\"description\":\"b")
        let second = NewConversation(title: "a", description: "b")
        #expect(Fingerprint(of: first, in: project) != Fingerprint(of: second, in: project))
    }

    @Test("A conversation's fingerprint includes its project, a fork's its source and place")
    func places() {
        let one = ProjectID(high: 1, low: 1)
        let two = ProjectID(high: 1, low: 2)
        let conversation = NewConversation(title: "t")
        #expect(Fingerprint(of: conversation, in: one) != Fingerprint(of: conversation, in: two))
        let source = ConversationID(high: 1, low: 1)
        let other = ConversationID(high: 1, low: 2)
        let fork = Fingerprint(of: ForkRequest(seq: 1), from: source)
        #expect(fork != Fingerprint(of: ForkRequest(seq: 2), from: source))
        #expect(fork != Fingerprint(of: ForkRequest(seq: 1), from: other))
        #expect(fork != Fingerprint(of: ForkRequest(seq: 1, title: "t"), from: source))
        #expect(fork == Fingerprint(of: ForkRequest(seq: 1, id: other), from: source))
    }

    @Test("Every field of a project counts")
    func projects() {
        let all = [
            NewProject(name: "n"), NewProject(name: "m"), NewProject(name: "n", description: "d"),
            NewProject(name: "n", persona: "d"),
        ]
        #expect(Set(all.map { Fingerprint(of: $0) }).count == all.count)
    }
}
