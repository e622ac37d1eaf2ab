import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyChat

@Suite("A conversation's title, improved by a model")
struct TitleTests {
    @Test(
        "The title in a model's answer",
        arguments: [
            ("Gulls on the pier", "Gulls on the pier"), ("\n  \"Gulls on the pier.\"\n", "Gulls on the pier"),
            ("# **Title: Gulls**\nBecause of the birds.", "Gulls"), ("“Möwen am Steg”", "Möwen am Steg"),
            ("<think>Birds? Maybe.\nYes.</think>\nGulls", "Gulls"), ("<think>Birds? Maybe", nil), ("", nil),
            (" \n\"\"\n ", nil), ("東京の天気", "東京の天気"),
            (String(repeating: "word ", count: 40), "word word word word word word word word word word word word…"),
        ] as [(String, String?)]
    )
    func titles(answer: String, title: String?) {
        #expect(TitleMaker.title(in: answer) == title)
    }

    @Test("It comes in the background after the first answer, once, and everyone is told")
    func improves() async throws {
        let (hasAsked, mayAnswer) = (Latch(), Latch())
        let titles = ScriptedProvider { _, consume in
            hasAsked.open()
            await mayAnswer.wait()
            try await consume(.text("\"Gulls on the pier\""))
        }
        let question = "Which bird is that, there on the pier?"
        let house = House(provider: EchoProvider(delay: .zero), titles: titles)
        try await house.run {
            let turn = try await house.ask(question)
            let id = turn.conversation.id
            // The answer does not wait for the title.
            let reply = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            await hasAsked.wait()
            #expect(try house.title(of: id) == question)
            let topic = EventTopic.conversation(id, in: turn.conversation.projectID)
            let told: Conversation? = try await house.bus.withSubscription(to: topic) { subscription in
                mayAnswer.open()
                for await signal in subscription {
                    guard case .event(let event) = signal else { continue }
                    if case .change(.conversationUpdated(let conversation)) = event.kind { return conversation }
                }
                return nil
            }
            #expect(told?.title == "Gulls on the pier")
            #expect(told?.revision == reply.revision + 1)
            #expect(try house.title(of: id) == "Gulls on the pier")
            let second = try await house.ask("And that one?", in: id)
            _ = try await house.chat.waitForEnd(second.reply.id, as: .alice)
            await house.registryIsEmpty()
            #expect(titles.prompts.count == 1)
            let asked = try #require(titles.prompts.first)
            #expect(asked.messages.map(\.role) == [.system, .user])
            #expect(asked.messages.last?.content.contains(question) == true)
        }
    }

    @Test("A title that a person gives meanwhile stays")
    func person() async throws {
        let (hasAsked, mayAnswer) = (Latch(), Latch())
        let titles = ScriptedProvider { _, consume in
            hasAsked.open()
            await mayAnswer.wait()
            try await consume(.text("Gulls"))
        }
        let house = House(provider: EchoProvider(delay: .zero), titles: titles)
        try await house.run {
            let id = try await house.ask("Which bird?").conversation.id
            await hasAsked.wait()
            let changes = ConversationChanges(title: "Which bird?")
            _ = try house.memory.updateConversation(id, changes, expectedRevision: nil, as: .alice)
            mayAnswer.open()
            while house.registry.titlesBeingFound > 0 { await Task.yield() }
            #expect(try house.title(of: id) == "Which bird?")
        }
    }

    @Test("A conversation that a person titled before is not even asked about")
    func titledBefore() async throws {
        let titles = ScriptedProvider(saying: "Gulls")
        let house = House(provider: EchoProvider(delay: .zero), titles: titles)
        try await house.run {
            let given = try house.memory.createConversation(NewConversation(title: "Birds"), as: .alice).value
            let turn = try await house.ask("Which bird?", in: given.id)
            _ = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            await house.registryIsEmpty()
        }
        // The service has ended, and with it whatever it ran.
        #expect(titles.prompts.isEmpty)
    }

    @Test("Nothing is sent where a person gave the title in the very words of the question")
    func titledAlike() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let titles = ScriptedProvider(saying: "Gulls")
        let house = House(provider: provider, titles: titles)
        try await house.run {
            let turn = try await house.ask("Which bird?")
            let changes = ConversationChanges(title: "Which bird?")
            _ = try house.memory.updateConversation(
                turn.conversation.id,
                changes,
                expectedRevision: nil,
                as: .alice
            )
            feed.yield(.text("A gull."))
            feed.finish()
            _ = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            await house.registryIsEmpty()
            while house.registry.titlesBeingFound > 0 { await Task.yield() }
        }
        #expect(titles.prompts.isEmpty)
    }

    @Test("Nothing is sent after a stop")
    func stopped() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let titles = ScriptedProvider(saying: "Gulls")
        let house = House(provider: provider, titles: titles)
        try await house.run {
            let turn = try await house.ask("Which bird?")
            feed.yield(.text("A gu"))
            let reply = try await house.chat.stop(turn.reply.id, as: .alice)
            #expect(reply.status == .delivered && reply.metadata["stopped"] == true)
            await house.registryIsEmpty()
            while house.registry.titlesBeingFound > 0 { await Task.yield() }
        }
        #expect(titles.prompts.isEmpty)
    }

    @Test("A model that fails, or says nothing in time, leaves the title as it was", arguments: [true, false])
    func fails(isSilent: Bool) async throws {
        let stopwatch = TestClock()
        let hasAsked = Latch()
        let titles = ScriptedProvider { _, _ in
            hasAsked.open()
            if isSilent { try await untilCancelled() }
            throw ParleyError(.upstreamError, "It broke.")
        }
        let house = House(provider: ScriptedProvider(saying: "A gull."), titles: titles, stopwatch: stopwatch)
        try await house.run {
            let id = try await house.ask("Which bird?").conversation.id
            await hasAsked.wait()
            if isSilent {
                await stopwatch.sleepers(atLeast: 1)
                stopwatch.advance(by: Limits.titleTimeout)
            }
            while house.registry.titlesBeingFound > 0 { await Task.yield() }
            #expect(try house.title(of: id) == "Which bird?")
        }
    }

    @Test("A shutdown does not wait for a title")
    func shutdown() async throws {
        let stopwatch = TestClock()
        let hasAsked = Latch()
        let titles = ScriptedProvider { _, _ in
            hasAsked.open()
            try await untilCancelled()
        }
        let house = House(provider: EchoProvider(delay: .zero), titles: titles, registryStopwatch: stopwatch)
        // Returns when the service has ended, which a title that never comes could only delay for ever.
        try await house.serve(stopwatch) { trigger in
            _ = try await house.ask("Which bird?")
            await hasAsked.wait()
            await trigger()
        }
        #expect(house.registry.titlesBeingFound == 0)
    }
}

extension House {
    fileprivate func title(of id: ConversationID) throws -> String {
        try memory.conversation(id, newestMessages: 1, as: .alice).conversation.title
    }
}
