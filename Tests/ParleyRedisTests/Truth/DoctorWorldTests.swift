import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

/// Worlds of which a part is lost by chance: whatever can be worked out anew is.
@Suite(.timeLimit(.minutes(10)))
struct DoctorWorldTests {
    @Test("Of whatever keys are lost that follow from others, all come back", arguments: 1...16)
    func losses(seed: UInt64) async throws {
        try await TruthUnderTest.with { t in
            var world = World(t, seed: seed)
            try await world.build()
            let (kept, lost) = try await world.damage()
            let comment: Comment = "seed \(seed), lost: \(lost)"
            let mended = try await t.examine(repairs: true)
            #expect(mended.left == 0, "\(comment) \(mended.lines)")
            let after = try await t.examine()
            #expect(after.lines.isEmpty, "\(comment) \(after.lines)")
            for (id, lines) in kept where !lines.isEmpty {
                let log = try await t.log(of: id)
                #expect(log.map(\.seq) == Array(1...max(1, log.count)), comment)
                let ids = Set(lines.map(\.id))
                let found = log.filter { ids.contains($0.id) }
                #expect(found.map(\.id) == lines.map(\.id), comment)
                #expect(found.map(\.text) == lines.map(\.text), comment)
                #expect(found.map(\.versions) == lines.map(\.versions), comment)
                #expect(log.filter { !ids.contains($0.id) }.allSatisfy { $0.text.isEmpty }, comment)
                let draft = try await t.store.draft(in: id, as: TruthUnderTest.alice)
                #expect(draft?.text == world.drafts[id], comment)
                for line in lines where !line.text.isEmpty {
                    #expect(try await t.search("\"\(line.text)\"").contains(line.text), comment)
                }
            }
        }
    }
}

/// Some conversations with everything that can be in them, and what happens to them.
private struct World {
    private let t: TruthUnderTest
    private var random: SplitMix64
    private var conversations: [ConversationID] = []
    private(set) var drafts: [ConversationID: String] = [:]

    init(_ t: TruthUnderTest, seed: UInt64) {
        self.t = t
        random = SplitMix64(seed: seed)
    }

    mutating func build() async throws {
        let alice = TruthUnderTest.alice
        conversations = [t.conversation]
        for number in 1...4 {
            let input = NewConversation(title: "Number \(number)", projectID: t.project)
            let id = try await t.store.createConversation(input, as: alice).value.id
            let texts = (0..<random.place(in: 12) + 1).map { "word\(number)x\($0) heron" }
            let messages = try await t.store.appendMessages(
                texts.map { NewMessage(role: .user, content: $0) },
                to: id,
                expectedRevision: nil,
                as: alice
            ).value
            for message in messages where random.oneIn(3) {
                let changes = MessageChanges(content: message.content + " edited")
                _ = try await t.store.editMessage(message.id, in: id, changes, expectedRevision: nil, as: alice)
            }
            for message in messages where random.oneIn(6) {
                _ = try await t.store.deleteMessage(message.id, in: id, expectedRevision: nil, as: alice)
            }
            conversations.append(id)
            if random.oneIn(2) {
                let seq = random.place(in: messages.count) + 1
                let fork = try await t.store.forkConversation(id, ForkRequest(seq: seq), as: alice).value.id
                conversations.append(fork)
            }
        }
        for id in conversations where random.oneIn(2) {
            drafts[id] = "draft of \(id)"
            _ = try await t.store.setDraft("draft of \(id)", in: id, as: alice)
        }
    }

    /// Takes some away; what is left of each log then, and what was done.
    mutating func damage() async throws -> (kept: [ConversationID: [TruthUnderTest.Line]], lost: [String]) {
        var (kept, lost): ([ConversationID: [TruthUnderTest.Line]], [String]) = ([:], [])
        for id in conversations {
            kept[id] = try await t.log(of: id)
            guard !random.oneIn(4) else { continue }
            let key = t.base + TruthKeys.session(in: id)
            for words in [
                ["DEL", key], ["DEL", key + ":messages"], ["DEL", key + ":documents"],
                ["SREM", t.base + ":sessions", "\(id)"], ["ZREM", t.base + ":recent", "\(id)"],
                ["DEL", TruthKeys.session(id)], ["RPUSH", key + ":messages", "nonsense"],
                ["RPOP", key + ":messages"],
                ["HSET", t.base + ":places:0", "0123456789abcde0", "0123456789abcdef"],
            ] where random.oneIn(3) {
                _ = try await t.redis.send(RedisCommand(words.map { .string($0) }), within: nil)
                lost.append(words.joined(separator: " "))
            }
            if let line = kept[id]?.randomElement(using: &random) {
                if random.oneIn(3) {
                    try await t.command("RPUSH", key + ":messages", "\(line.id)")
                    lost.append("twice \(line.id)")
                }
                if random.oneIn(4) {
                    try await t.command("DEL", "\(key):messages:\(line.id)")
                    lost.append("message \(line.seq) of \(id)")
                    kept[id]?.removeAll { $0.id == line.id }
                }
            }
        }
        let shared = try await t.command("KEYS", t.base + ":*").elements.compactMap(\.string).sorted()
        for key in shared where !key.contains(":sessions") && !key.hasSuffix(":members") && random.oneIn(5) {
            try await t.command("DEL", key)
            lost.append(key)
        }
        if random.oneIn(3) {
            try await t.command("SREM", "projects", "\(t.project)")
            lost.append("projects")
        }
        return (kept, lost)
    }
}
