import ParleyCore
import ParleyTesting
import ParleyTransfer
import Testing

extension StoreConformanceTests {
    private func export(
        _ store: any ConversationStore,
        of conversation: ConversationID? = nil,
        as identity: Identity = .alice
    ) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await ConversationExport(.jsonl, from: store)(of: conversation, as: identity) { bytes += $0 }
        return bytes
    }

    private func bring(
        _ bytes: [UInt8],
        into t: StoreUnderTest,
        as identity: Identity = .alice
    ) async throws -> ImportAccount {
        let job = ImportJob(.jsonl, into: t.store, batch: t.id())
        return try await job(ImportSource(bytes), as: identity)
    }

    /// All that a conversation can hold, in a personal and in a shared project.
    private func fill(_ t: StoreUnderTest) async throws {
        let naughty = "Ünïcödé \u{1F469}\u{200D}\u{1F680} e\u{301} \u{202E}x \"\\ \u{7}"
        let answered = try await t.turn("Why is it cold?", answer: ["Air ", "is in it."])
        let id = answered.turn.userMessage.conversationID
        _ = try await edit(answered.turn.userMessage.id, in: id, MessageChanges(content: naughty), t)
        let again = try await t.store.beginRegeneration(of: answered.reply.id, expectedRevision: nil, as: .alice)
        let lease = try again.value.requireLease()
        _ = try await t.store.appendPieces(["No idea."], at: 0, under: lease)
        _ = try await t.store.finishReply(
            ReplyOutcome(
                status: .failed,
                metadata: ["error": "upstream"],
                model: "gull-2",
                tokensUsed: TokenUsage(prompt: 3, completion: 4),
                latencyMilliseconds: 12
            ),
            under: lease
        )
        let rich = NewMessage(
            role: .user,
            content: "",
            parts: [["type": "image", "url": "x"]],
            metadata: ["n": 1, "list": [1, .null, "é"]],
            contexts: [["title": "T"]],
            aiResponse: ["a": []],
            confidence: 0.25
        )
        let more = try await t.append([rich, .user("gone"), .user("kept")], to: id).value
        try await delete(more[1].id, in: id, t)
        for (emoji, person) in [("👍", Identity.alice), ("é", .alice)] {
            _ = try await t.store.setReaction(
                emoji,
                present: true,
                on: more[2].id,
                in: id,
                expectedRevision: nil,
                as: person
            )
        }
        let changes = ConversationChanges(
            title: "Cold <b>",
            description: "of rooms",
            status: .archived,
            isPinned: true,
            metadata: ["k": ["deep": [1]]]
        )
        _ = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
        let fork = ForkRequest(seq: 2, title: "Fork")
        _ = try await t.store.forkConversation(id, fork, as: .alice)
        // What others did in a project that is the person's.
        let project = try await t.sharedProject()
        let shared = try await t.conversation(holding: ["by alice"], in: project.id)
        let bobs = try await t.say(["by bob"], in: shared.id, as: .bob)
        for person in [Identity.bob, .alice] {
            _ = try await t.store.setReaction(
                "🎉",
                present: true,
                on: bobs[0].id,
                in: shared.id,
                expectedRevision: nil,
                as: person
            )
        }
        _ = try await edit(bobs[0].id, in: shared.id, MessageChanges(content: "said by bob"), t)
        try await t.conversation(holding: ["bob's own"], in: project.id, as: .bob)
        try await t.conversation()
    }

    @Test(
        "What is exported and imported is exported the same, into an empty store and into its own",
        // The cluster is lent to one at a time.
        arguments: StoreFactory.all.filter { $0.name != StoreFactory.redisCluster.name }
    )
    func exportRoundTrip(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            try await fill(t)
            let first = try await export(t.store)
            let lines = first.split(separator: 0x0A)
            #expect(lines.count > 15)
            // Into the same one nothing comes.
            let same = try await bring(first, into: t)
            #expect(same.count(of: .imported) == 0 && same.count(of: .quarantined) == 0)
            #expect(same.found == lines.count - 1)
            #expect(try await export(t.store) == first)
            // Into an empty one of the same kind, all.
            try await factory.withStore { other in
                // What is later than now can't be.
                other.clock.advance(by: .seconds(3600))
                let account = try await bring(first, into: other)
                #expect(account.count(of: .quarantined) == 0, "\(account.items.filter { $0.outcome == .quarantined })")
                #expect(account.found == lines.count - 1)
                #expect(account.count(of: .alreadyThere) == 1, "the personal project")
                let second = try await export(other.store)
                #expect(second == first, "\(String(decoding: second, as: UTF8.self))")
                #expect(try await bring(first, into: other).count(of: .imported) == 0)
                // Nobody else is let in by a file, and nobody is made to have said something.
                let projects = try await other.store.projects(page: PageRequest(), as: .alice).elements
                #expect(projects.allSatisfy { $0.members.map(\.email) == [Identity.alice.email] })
                for hit in try await other.search("bob") { #expect(hit.message.author == nil) }
                #expect(try await other.search("bob").count == 2)
            }
        }
    }

    @Test("Another person's export becomes copies of one's own; theirs stay as they are", arguments: StoreFactory.all)
    func exportToAnother(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            try await fill(t)
            let first = try await export(t.store)
            let account = try await bring(first, into: t, as: .mallory)
            #expect(account.count(of: .quarantined) == 0)
            #expect(try await export(t.store) == first)
            #expect(try await bring(first, into: t, as: .mallory).count(of: .imported) == 0)
            let theirs = try await t.store.conversations(ConversationFilter(), page: PageRequest(), as: .mallory)
                .elements
            #expect(
                theirs.count == account.conversations.count && theirs.allSatisfy { $0.owner == Identity.mallory.email }
            )
            // Who may write there, but doesn't own it, gets a copy, too.
            let bobs = try await bring(first, into: t, as: .bob)
            #expect(bobs.count(of: .quarantined) == 0)
            #expect(try await export(t.store) == first)
        }
    }

    @Test("One conversation is exported alone by whoever may read it", arguments: StoreFactory.all)
    func exportOne(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let one = try await t.conversation(holding: ["one", "two"], in: project.id)
            try await t.conversation(holding: ["other"])
            let bytes = try await export(t.store, of: one.id, as: .carol)
            #expect(bytes.split(separator: 0x0A).count == 5, "header, project, conversation and two messages")
            await expectError(.notFound) { try await export(t.store, of: one.id, as: .mallory) }
        }
    }
}
