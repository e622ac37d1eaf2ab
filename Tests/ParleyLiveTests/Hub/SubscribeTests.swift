import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("Subscribing to a conversation", .timeLimit(.minutes(15)))
struct SubscribeTests {
    @Test("Exactly what has changed, then that this is all, then what happens", arguments: GroupKind.allCases)
    func since(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project()
            for text in ["One", "Two", "Three"] { try await house.say(text, in: conversation) }
            let tab = try await house.open(.alice)
            tab.subscribes(to: conversation, since: 2)
            await tab.waits(for: "subscribed")
            #expect(tab.told.types == ["ready", "chat_message", "chat_message", "subscribed"])
            #expect(tab.told.revisions(of: conversation) == [3, 4])
            #expect(tab.told.frames.last?.object?["revision"]?.intValue == 4)
            try await house.say("Four", in: conversation)
            await tab.waits(for: 5, of: conversation)
            #expect(tab.told.revisions(of: conversation) == [3, 4, 5])
        }
    }

    @Test("From the beginning, and from now on; more than once; and no more")
    func variants() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            try await house.say("One", in: conversation)
            let tab = try await house.open(.alice)
            tab.subscribes(to: conversation, since: 0)
            await tab.waits(for: "subscribed")
            // The message, and the conversation itself, which revision 1 is.
            #expect(tab.told.revisions(of: conversation) == [2, 2])
            tab.subscribes(to: conversation)
            await tab.waits(for: "subscribed", count: 2)
            #expect(tab.told.frames.last?.object?["revision"]?.intValue == 2)
            tab.subscribes(to: conversation, since: 1)
            tab.subscribes(to: conversation, since: 2)
            await tab.waits(for: "subscribed", count: 4)
            #expect(tab.told.revisions(of: conversation) == [2, 2, 2])
            tab.sends(#"{"type":"unsubscribe","conversation_id":"\#(conversation)"}"#)
            tab.sends(#"{"type":"ping"}"#)
            await tab.waits(for: "pong")
            // Events of the person's projects come without asking.
            let revision = try await house.say("Two", in: conversation)
            await tab.waits(for: revision, of: conversation)
            #expect(tab.told.revisions(of: conversation) == [2, 2, 2, 3])
        }
    }

    @Test("Too far behind, and ahead of the store, gets a word instead")
    func behindAndAhead() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            for round in 0..<4 {
                let messages = (0..<100).map { NewMessage.user("\(round) \($0)") }
                _ = try await house.store.appendMessages(messages, to: conversation, expectedRevision: nil, as: .alice)
            }
            let tab = try await house.open(.alice)
            tab.subscribes(to: conversation, since: 100)
            await tab.waits(for: "resync")
            #expect(tab.told.frames.last?.object?["reason"] == .string("behind"))
            tab.subscribes(to: conversation, since: 402)
            await tab.waits(for: "resync", count: 2)
            #expect(tab.told.frames.last?.object?["reason"] == .string("ahead"))
            #expect(tab.told.frames.last?.object?["conversation_id"] == .string("\(conversation)"))
            tab.subscribes(to: conversation, since: 101)
            await tab.waits(for: "subscribed")
            #expect(tab.told.revisions(of: conversation) == Array(102...401))
            // It goes on for all three.
            let revision = try await house.say("More", in: conversation)
            await tab.waits(for: revision, of: conversation)
        }
    }

    @Test("What one may not see does not exist")
    func notFound() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.mallory)
            var objects: [JSON] = []
            for id in ["\(conversation)", "\(ConversationID(high: 5, low: 5))", "nothing"] {
                for since in ["", #","since_revision":0"#] {
                    tab.sends(#"{"type":"subscribe","conversation_id":"\#(id)"\#(since)}"#)
                    await tab.waits(for: "error", count: objects.count + 1)
                    objects.append(try #require(tab.told.frames.last?.object?["error"]))
                }
            }
            #expect(Set(objects).count == 1)
            #expect(objects[0]["code"] == .string("not_found"))
            tab.sends(#"{"type":"typing","conversation_id":"\#(conversation)"}"#)
            await tab.waits(for: "error", count: objects.count + 1)
            #expect(tab.told.types.allSatisfy { $0 == "ready" || $0 == "error" })
        }
    }

    @Test("So many conversations, and no more")
    func places() async throws {
        let house = House()
        try await house.run {
            let (project, _) = try await house.project()
            let tab = try await house.open(.alice)
            var ids: [ConversationID] = []
            for index in 0...Limits.subscriptionsPerSocket {
                let input = NewConversation(projectID: project)
                ids.append(try await house.store.createConversation(input, as: .alice).value.id)
                tab.subscribes(to: ids[index], since: 1)
                let count = min(index + 1, Limits.subscriptionsPerSocket)
                await tab.waits(for: "subscribed", count: count)
            }
            await tab.waits(for: "error")
            let error = tab.told.frames.last { $0.type == "error" }?.object
            #expect(error?["error"]?["param"] == .string("conversation_id"))
            // One that is subscribed to may be asked for again.
            tab.subscribes(to: ids[0], since: 1)
            await tab.waits(for: "subscribed", count: Limits.subscriptionsPerSocket + 1)
            tab.sends(#"{"type":"unsubscribe","conversation_id":"\#(ids[0])"}"#)
            tab.subscribes(to: ids[Limits.subscriptionsPerSocket], since: 1)
            await tab.waits(for: "subscribed", count: Limits.subscriptionsPerSocket + 2)
            #expect(tab.told.frames.count { $0.type == "error" } == 1)
        }
    }

    @Test("What is asked for before the greeting is answered behind it", arguments: GroupKind.allCases)
    func beforeGreeting(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project()
            let goesOn = Eventual<Void>()
            house.faulty.before { if $0 == .projects { await goesOn.value() } }
            let tab = try house.connect(.alice)
            tab.sends("no JSON")
            tab.subscribes(to: conversation, since: 0)
            tab.sends(#"{"type":"ping"}"#)
            await tab.fence()
            #expect(tab.told.frames.isEmpty)
            goesOn.give(())
            await tab.waits(for: "pong")
            #expect(tab.told.types == ["ready", "error", "conversation_updated", "subscribed", "pong"])
        }
    }

    @Test("What happens while one catches up comes behind it, and once", arguments: GroupKind.allCases)
    func meanwhile(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            let count = Counter()
            house.faulty.before { [house] read in
                guard read == .changes, count.next() == 1 else { return }
                _ = try await house.say("Before the read", in: conversation)
            }
            house.faulty.after { [house] read in
                guard read == .changes, count.next() == 2 else { return }
                _ = try? await house.say("Behind the read", in: conversation)
            }
            tab.subscribes(to: conversation, since: 1)
            await tab.waits(for: 3, of: conversation)
            await tab.waits(for: "subscribed")
            #expect(tab.told.types == ["ready", "chat_message", "subscribed", "chat_message"])
            #expect(tab.told.revisions(of: conversation) == [2, 3])
        }
    }

    @Test("More than can wait while one catches up is said so")
    func tooMuchMeanwhile() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project(with: [.bob])
            let (tab, bob) = (try await house.open(.alice), try await house.open(.bob))
            let (began, goesOn) = (Eventual<Void>(), Eventual<Void>())
            house.faulty.after { read in
                guard read == .changes else { return }
                began.give(())
                await goesOn.value()
            }
            tab.subscribes(to: conversation, since: 1)
            await began.value()
            for _ in 0..<3 {
                let messages = (0..<100).map { NewMessage.user("\($0)") }
                _ = try await house.store.appendMessages(messages, to: conversation, expectedRevision: nil, as: .alice)
            }
            await bob.waits(for: 301, of: conversation)
            await tab.fence()
            goesOn.give(())
            await tab.waits(for: "resync")
            #expect(tab.told.types == ["ready", "subscribed", "resync"])
            let revision = try await house.say("More", in: conversation)
            await tab.waits(for: revision, of: conversation)
        }
    }

    @Test("A conversation that is deleted while one catches up is told to be gone")
    func deletedMeanwhile() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            let count = Counter()
            house.faulty.before { [store = house.store] read in
                guard read == .changes, count.next() == 1 else { return }
                _ = try await store.deleteConversation(conversation, expectedRevision: nil, as: .alice)
            }
            tab.subscribes(to: conversation, since: 1)
            await tab.waits(for: "error")
            await tab.waits(for: "conversation_deleted")
            #expect(Set(tab.told.types) == ["ready", "conversation_deleted", "error"])
        }
    }

    @Test("One who can't be brought up to date is told so, and misses nothing that waited")
    func storeFails() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            house.faulty.before { [house] read in
                guard read == .changes else { return }
                house.faulty.fail([.changes])
                try await house.say("Meanwhile", in: conversation)
                throw ParleyError.unavailable("Gone.")
            }
            tab.subscribes(to: conversation, since: 1)
            await tab.waits(for: "error")
            await tab.waits(for: 2, of: conversation)
            let error = tab.told.frames.first { $0.type == "error" }?.object
            #expect(error?["error"]?["code"] == .string("unavailable"))
            #expect(error?["conversation_id"] == .string("\(conversation)"))
            #expect(tab.told.closings.isEmpty)
        }
    }

    @Test("A reply that is being written is joined where it is")
    func streaming() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let request = TurnRequest(conversationID: conversation, message: .user("Well?"))
            let turn = try await house.store.beginTurn(request, expectedRevision: nil, as: .alice).value
            let lease = try #require(turn.lease)
            _ = try await house.store.appendPieces(["a", "b"], at: 0, under: lease)
            let (knows, comes) = (try await house.open(.alice), try await house.open(.alice))
            knows.subscribes(to: conversation, since: turn.reply.revision)
            comes.subscribes(to: conversation, since: 0)
            for tab in [knows, comes] { await tab.waits(for: "subscribed") }
            // One has the message from before, the other with what it holds.
            #expect(knows.told.frames.compactMap(\.about.index) == [0, 1])
            #expect(comes.told.frames.compactMap(\.about.index) == [])
            let held = comes.told.frames.first { $0.about.messageID == turn.reply.id }?.object?["message"]
            #expect(held?["content"] == .string("ab"))
            #expect(held?["next_index"]?.intValue == 2)
            _ = try await house.store.appendPieces(["c"], at: 2, under: lease)
            let outcome = ReplyOutcome(status: .delivered)
            let end = try await house.store.finishReply(outcome, under: lease).value.revision
            for tab in [knows, comes] { await tab.waits(for: end, of: conversation) }
            #expect(knows.told.frames.compactMap(\.about.index) == [0, 1, 2])
            #expect(comes.told.frames.compactMap(\.about.index) == [2])
        }
    }

    @Test("A reply that is begun anew while one catches up is told from its beginning")
    func regeneratedMeanwhile() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let request = TurnRequest(conversationID: conversation, message: .user("Well?"))
            let turn = try await house.store.beginTurn(request, expectedRevision: nil, as: .alice).value
            let lease = try #require(turn.lease)
            _ = try await house.store.appendPieces(["a", "b"], at: 0, under: lease)
            let tab = try await house.open(.alice)
            let count = Counter()
            house.faulty.after { [store = house.store] read in
                guard read == .changes, count.next() == 1 else { return }
                _ = try? await store.finishReply(ReplyOutcome(status: .delivered), under: lease)
                let again = try? await store.beginRegeneration(of: turn.reply.id, expectedRevision: nil, as: .alice)
                guard let lease = again?.value.lease else { return }
                _ = try? await store.appendPieces(["x", "y", "z"], at: 0, under: lease)
            }
            tab.subscribes(to: conversation, since: 0)
            await tab.waits(for: "message_delta", count: 3)
            #expect(tab.told.frames.compactMap(\.about.index) == [0, 1, 2])
            #expect(
                tab.told.types == [
                    "ready", "chat_message", "chat_message", "conversation_updated", "subscribed", "message_updated",
                    "message_updated", "message_delta", "message_delta", "message_delta",
                ]
            )
        }
    }

    @Test(
        "A stream about one conversation is told of that alone, and begins with its changes",
        arguments: GroupKind.allCases
    )
    func only(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (project, conversation) = try await house.project()
            let input = NewConversation(projectID: project)
            let other = try await house.store.createConversation(input, as: .alice).value.id
            try await house.say("One", in: conversation)
            let tab = try house.connect(.alice, only: conversation, since: 1)
            await tab.waits(for: "subscribed")
            try await house.say("Elsewhere", in: other)
            try await house.say("Two", in: conversation)
            await tab.waits(for: 3, of: conversation)
            #expect(tab.told.types == ["chat_message", "subscribed", "chat_message"])
            let fresh = try house.connect(.alice, only: conversation)
            await fresh.waits(for: "subscribed")
            #expect(fresh.told.types == ["subscribed"])
        }
    }

    @Test("A stream about what one may not see ends; one that can't be begun may come again")
    func onlyFails() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let stranger = try house.connect(.mallory, only: conversation, since: 0)
            #expect(await stranger.closing() == .accessLost)
            #expect(stranger.told.types == ["error"])
            house.faulty.fail([.changes])
            let tab = try house.connect(.alice, only: conversation, since: 0)
            #expect(await tab.closing() == .failure)
            #expect(tab.told.types == ["error"])
        }
    }
}
