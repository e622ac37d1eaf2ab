import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    /// A text, what somebody types, and whether it is found.
    struct Lookup: Sendable, CustomTestStringConvertible {
        let text: String
        let query: String
        let isFound: Bool

        init(_ text: String, _ query: String, _ isFound: Bool) {
            self.text = text
            self.query = query
            self.isFound = isFound
        }

        var testDescription: String { "\(query) \(isFound ? "finds" : "does not find") \(text)" }

        static let all: [Lookup] = [
            // Words, anywhere, all of them.
            Lookup("The pelican has landed", "pelican", true),
            Lookup("The pelican has landed", "landed pelican", true),
            Lookup("The pelican has landed", "pelican heron", false),
            Lookup("The pelican has landed", "PELICAN", true),
            // The last word is being typed; others are whole unless starred.
            Lookup("The pelican has landed", "peli", true),
            Lookup("The pelican has landed", "elican", false),
            Lookup("The pelican has landed", "peli landed", false),
            Lookup("The pelican has landed", "peli* landed", true),
            Lookup("The pelican has landed", "peli ", false),
            // Phrases.
            Lookup("The pelican has landed", "\"pelican has\"", true),
            Lookup("The pelican has landed", "\"has pelican\"", false),
            Lookup("The pelican has landed", "\"pelican ha\"", false),
            Lookup("The pelican, has: landed", "\"pelican has landed\"", true),
            Lookup("snake_case and kebab-case", "\"snake case\"", true),
            // Case, diacritics, width and compatibility are folded, both ways.
            Lookup("Ein Café in Zürich", "cafe zurich", true),
            Lookup("Ein Cafe in Zurich", "Café Zürich", true),
            Lookup("cafe\u{301}", "caf\u{E9}", true),
            Lookup("ｐｅｌｉｃａｎ ﬁne", "pelican fine", true),
            Lookup("ΠΕΛΕΚΑΝΟΣ", "πελεκανος", true),
            // Scripts without spaces.
            Lookup("私は東京に住んでいます", "東京", true),
            Lookup("私は東京に住んでいます", "京東", false),
            Lookup("私は東京に住んでいます", "東京に住", true),
            Lookup("私は東京に住んでいます", "東", true),
            Lookup("私は東京", "京", true),
            Lookup("私は東京", "東京", true),
            Lookup("東 京", "東京", false),
            Lookup("北京大学", "\"京大\"", true),
            Lookup("안녕하세요 세계", "세계", true),
            Lookup("東京2026年", "2026", true),
            // Words that go on with a mark or a vowel sign.
            Lookup("தமிழ் மொழி", "தம", true),
            Lookup("नमस्ते दुनिया", "नमस", true),
            // What an index's own syntax would trip over.
            Lookup("a AND b", "AND", true),
            Lookup("near or not", "NEAR NOT OR", true),
            Lookup("C++ and F#", "c++", true),
            Lookup("100% sure", "100%", true),
            Lookup("content: x", "content:x", true),
            Lookup("it's", "it's", true),
            Lookup("say \"hi\" now", "\"hi\"", true),
            Lookup("unbalanced", "\"unbalanced", true),
            Lookup("a (b) {c} [d] ^e", "(b {c ^e", true),
            Lookup("x -y", "-y", true),
            Lookup("star * light", "star* light", true),
            Lookup("'; DROP TABLE message; --", "drop table", true),
            Lookup("percent", "p_rcent", false),
            Lookup("percent", "%", false),
        ]
    }

    @Test("Search finds what it should and nothing else", arguments: StoreFactory.all)
    func lookups(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            for lookup in Lookup.all {
                let (id, _) = try await t.conversation(holding: [lookup.text])
                let hits = try await t.search(lookup.query)
                let isFound = hits.contains { $0.conversation.id == id }
                #expect(isFound == lookup.isFound, "\(lookup.testDescription)")
                _ = try await t.store.deleteConversation(id, expectedRevision: nil, as: .alice)
            }
        }
    }

    @Test("No query breaks a search", arguments: StoreFactory.all)
    func strangeQueries(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            try await t.conversation(holding: ["pelican"])
            for text in try NaughtyStrings.all { _ = try await t.search(text) }
            for text in [
                "*", "\"", "\"\"", "\"*\"", "(", "a\" OR \"b", "NEAR(a, b)", String(repeating: "a ", count: 500),
            ] {
                _ = try await t.search(text)
            }
            #expect(try await t.search("pelican").count == 1)
        }
    }

    @Test("A hit brings its conversation, its message and the text round the match", arguments: StoreFactory.all)
    func hit(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: ["We saw a\npelican at noon"])
            let hits = try await t.search("pelican")
            #expect(hits.count == 1)
            #expect(hits.first?.conversation.id == id)
            #expect(hits.first?.message == messages[0])
            #expect(hits.first?.snippet == "We saw a pelican at noon")
        }
    }

    @Test("Hits come newest first, complete in pages, from one project or all", arguments: StoreFactory.all)
    func hitPages(_ factory: StoreFactory) async throws {
        for tick in [Duration.milliseconds(1), .zero] {
            try await factory.withStore(tick: tick) { t in
                let project = try await t.sharedProject()
                var all: [Message] = []
                for number in 0..<4 {
                    let place = number % 2 == 0 ? project.id : nil
                    all += try await t.conversation(holding: ["pelican a", "heron", "pelican b"], in: place).messages
                }
                try await t.conversation(holding: ["pelican"], as: .mallory)
                let expected = all.filter { $0.content.hasPrefix("pelican") }
                    .sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
                let query = try #require(SearchQuery("pelican"))
                for limit in [1, 3, 100] {
                    let hits = try await t.all(limit: limit) {
                        try await t.store.search(query, in: nil, page: $0, as: .alice)
                    }
                    #expect(hits.map(\.message) == expected)
                    let shared = try await t.all(limit: limit) {
                        try await t.store.search(query, in: project.id, page: $0, as: .carol)
                    }
                    #expect(shared.map(\.message) == expected.filter { $0.projectID == project.id })
                }
            }
        }
    }

    @Test("The index follows edits, deletions and replies", arguments: StoreFactory.all)
    func indexFollows(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: ["pelican", "heron"])
            _ = try await edit(messages[0].id, in: id, MessageChanges(content: "gannet"), t)
            #expect(try await t.search("pelican").isEmpty)
            #expect(try await t.search("gannet").count == 1)
            try await delete(messages[1].id, in: id, t)
            #expect(try await t.search("heron").isEmpty)

            let turn = try await t.begin("which bird?", in: id).value
            let lease = try turn.requireLease()
            _ = try await t.store.appendPieces(["a spoon", "bill"], at: 0, under: lease)
            #expect(try await t.search("spoonbill").isEmpty)
            _ = try await t.store.finishReply(ReplyOutcome(status: .failed), under: lease)
            #expect(try await t.search("spoonbill").map(\.message.id) == [turn.reply.id])
            let regeneration = try await t.store.beginRegeneration(of: turn.reply.id, expectedRevision: nil, as: .alice)
            #expect(try await t.search("spoonbill").isEmpty)
            let second = try regeneration.value.requireLease()
            _ = try await t.store.appendPieces(["an avocet"], at: 0, under: second)
            t.clock.advance(by: Limits.replyLease)
            _ = try await t.store.interruptAbandonedReplies()
            #expect(try await t.search("avocet").map(\.message.id) == [turn.reply.id])
            #expect(try await t.search("spoonbill").isEmpty)
        }
    }
}
