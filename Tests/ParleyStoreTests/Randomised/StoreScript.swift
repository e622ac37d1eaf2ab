import ParleyCore
import ParleyTesting

/// Thinks up operations: mostly sensible ones, now and then by the wrong person, at the wrong revision or a second time.
struct StoreScript {
    var random: SplitMix64
    private var clientIDs = SequentialIDs(series: 2)
    private var usedMessageIDs: [MessageID] = []
    private var usedConversationIDs: [ConversationID] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// What every script begins with: a project of Alice's in which Bob may write and Carol may read.
    static var preamble: [StoreOperation] {
        [
            .commit("createProject") { try await $0.store.createProject(NewProject(name: "Shared"), as: .alice) },
            StoreOperation("setMember bob") {
                "\(try await $0.store.setMember(Identity.bob.email, role: .editor, in: $0.project(0), as: .alice))"
            },
            StoreOperation("setMember carol") {
                "\(try await $0.store.setMember(Identity.carol.email, role: .viewer, in: $0.project(0), as: .alice))"
            },
            .commit("createConversation") {
                try await $0.store.createConversation(NewConversation(projectID: $0.project(0)), as: .alice)
            },
        ]
    }

    /// The next operation, on what has come up so far.
    mutating func next(_ known: ScriptedStore) -> StoreOperation {
        let person = random.pick([
            Identity.alice, .alice, .alice, .alice, .alice, .alice, .bob, .bob, .bob, .carol, .mallory,
        ])
        switch random.place(in: 100) {
        case ..<6: return project(known, person)
        case ..<16: return conversation(known, person)
        case ..<36: return append(known, person)
        case ..<52: return message(known, person)
        case ..<64: return turn(known, person)
        case ..<80: return reply(known, person)
        default: return read(known, person)
        }
    }

    // MARK: What calls are made of

    static let words = [
        "pelican", "heron", "café", "cafe\u{301}", "東京", "京都に行く", "Zürich", "👩‍👩‍👧", "தமிழ்", "a-b_c", "\"quoted\"",
        "50%", "ﬁne", "1.5", "AND",
    ]

    mutating func text() -> String {
        let count = 1 + random.place(in: 4)
        return (0..<count).map { _ in random.pick(Self.words) }.joined(separator: " ")
    }

    mutating func object() -> JSONObject {
        random.oneIn(2) ? [:] : [random.pick(["a", "b"]): .number(JSONNumber(random.place(in: 3)))]
    }

    mutating func expectedRevision() -> Int? {
        random.oneIn(8) ? 1 + random.place(in: 8) : nil
    }

    mutating func messageID() -> MessageID? {
        if random.oneIn(3) { return nil }
        if random.oneIn(3), !usedMessageIDs.isEmpty { return random.pick(usedMessageIDs) }
        let id: MessageID = clientIDs.make()
        usedMessageIDs.append(id)
        return id
    }

    mutating func conversationID() -> ConversationID? {
        if random.oneIn(3) { return nil }
        if random.oneIn(3), !usedConversationIDs.isEmpty { return random.pick(usedConversationIDs) }
        let id: ConversationID = clientIDs.make()
        usedConversationIDs.append(id)
        return id
    }

    mutating func newMessage(_ role: MessageRole) -> NewMessage {
        // Few texts with an id, so that repetitions with the same content come about.
        let id = messageID()
        let content = id == nil ? text() : random.pick(["pelican", "heron"])
        return NewMessage(id: id, role: role, content: content, metadata: id == nil ? object() : [:])
    }

    /// The last thing that came up, or any.
    mutating func place(_ count: Int) -> Int {
        random.oneIn(2) ? max(0, count - 1 - random.place(in: 3)) : random.place(in: count)
    }

    mutating func projectPlace(_ known: ScriptedStore) -> Int? {
        if random.oneIn(6) { return nil }
        return random.oneIn(4) ? random.place(in: known.projects.count) : 0
    }
}
