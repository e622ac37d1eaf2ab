import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyLive

@Suite("Events that are missing", .timeLimit(.minutes(15)))
struct GapTests {
    @Test("One that never comes is filled in when the next does", arguments: GroupKind.allCases)
    func filledWithNext(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project(with: [.bob])
            let tabs = [try await house.open(.alice), try await house.open(.bob)]
            try await house.say("One", in: conversation)
            try await house.sayBehindTheBus("Two", in: conversation)
            try await house.say("Three", in: conversation)
            await house.advance(by: Limits.eventPatience, sleepers: 3)
            for tab in tabs {
                await tab.waits(for: 4, of: conversation)
                #expect(tab.told.types == ["ready", "chat_message", "chat_message", "chat_message"])
                #expect(tab.told.revisions(of: conversation) == [2, 3, 4])
            }
        }
    }

    @Test("One that comes late keeps its place, and nothing is read")
    func late() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            try await house.say("One", in: conversation)
            let late = try await house.faulty.appendMessages(
                [.user("Two")],
                to: conversation,
                expectedRevision: nil,
                as: .alice
            )
            try await house.say("Three", in: conversation)
            await house.stopwatch.sleepers(atLeast: 3)
            await house.bus.publish(late.changes.map { Event($0) })
            await tab.waits(for: 4, of: conversation)
            house.faulty.fail([.changes])
            await house.advance(by: Limits.eventPatience, sleepers: 3)
            let last = try await house.say("Four", in: conversation)
            await tab.waits(for: last, of: conversation)
            #expect(tab.told.types.dropFirst().allSatisfy { $0 == "chat_message" })
            #expect(tab.told.revisions(of: conversation) == [2, 3, 4, 5])
        }
    }

    @Test("The last of all is found by whoever is subscribed, for all")
    func sweep() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project(with: [.bob])
            let (tab, other) = (try await house.open(.alice), try await house.open(.bob))
            tab.subscribes(to: conversation, since: 1)
            await tab.waits(for: "subscribed")
            try await house.sayBehindTheBus("Two", in: conversation)
            try await house.sayBehindTheBus("Three", in: conversation)
            await house.advance(by: Limits.subscriptionSweep)
            await house.advance(by: Limits.eventPatience, sleepers: 3)
            for tab in [tab, other] { await tab.waits(for: 3, of: conversation) }
            #expect(tab.told.types == ["ready", "subscribed", "chat_message", "chat_message"])
            // Nobody keeps an eye on it any more.
            tab.sends(#"{"type":"unsubscribe","conversation_id":"\#(conversation)"}"#)
            tab.sends(#"{"type":"ping"}"#)
            await tab.waits(for: "pong")
            let feeds = try await house.store.projects(page: PageRequest(limit: 10), as: .alice).elements
                .compactMap { house.hub.feed(of: $0.id) }
            #expect(feeds.allSatisfy { $0.watched.isEmpty })
        }
    }

    @Test("One that was deleted without a word is looked for by whoever is subscribed")
    func deletedInSilence() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            tab.subscribes(to: conversation, since: 1)
            await tab.waits(for: "subscribed")
            _ = try await house.faulty.deleteConversation(conversation, expectedRevision: nil, as: .alice)
            await house.advance(by: Limits.subscriptionSweep)
            await tab.waits(for: "resync")
            #expect(tab.told.frames.last?.object?["conversation_id"] == .string("\(conversation)"))
        }
    }

    @Test("One that was deleted with a word is not looked for any more")
    func deleted() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            tab.subscribes(to: conversation, since: 1)
            await tab.waits(for: "subscribed")
            let feed = try #require(tab.session.state.withLock { $0.watching[conversation] })
            #expect(feed.watched.count == 1)
            _ = try await house.store.deleteConversation(conversation, expectedRevision: nil, as: .alice)
            await tab.waits(for: "conversation_deleted")
            #expect(feed.watched.isEmpty)
        }
    }

    @Test("Who could not keep up is told, and goes on", arguments: GroupKind.allCases)
    func lagged(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (project, conversation) = try await house.project(with: [.bob])
            let (alice, bob) = (try await house.open(.alice), try await house.open(.bob))
            try await house.say("One", in: conversation)
            try await house.sayBehindTheBus("Two", in: conversation)
            house.bus.bus.signalLagged(in: .project(project))
            try await house.say("Three", in: conversation)
            for tab in [alice, bob] {
                await tab.waits(for: 4, of: conversation)
                #expect(tab.told.types == ["ready", "chat_message", "resync", "chat_message"])
                #expect(tab.told.frames[2].object?["reason"] == .string("lagged"))
                #expect(tab.told.closings.isEmpty)
            }
        }
    }

    @Test("More than can be filled in is said so")
    func tooMuch() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            try await house.say("One", in: conversation)
            for _ in 0..<4 {
                let messages = (0..<100).map { NewMessage.user("\($0)") }
                _ = try await house.faulty.appendMessages(messages, to: conversation, expectedRevision: nil, as: .alice)
            }
            let last = try await house.say("Last", in: conversation)
            await house.advance(by: Limits.eventPatience, sleepers: 3)
            await tab.waits(for: "resync")
            await tab.waits(for: last, of: conversation)
            #expect(tab.told.revisions(of: conversation) == [2, last])
            let next = try await house.say("Next", in: conversation)
            await tab.waits(for: next, of: conversation)
        }
    }

    @Test("What the store has not, though it was told, is a store that was restored")
    func restored() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            tab.subscribes(to: conversation, since: 1)
            await tab.waits(for: "subscribed")
            let commit = try await house.store.appendMessages(
                [.user("One")],
                to: conversation,
                expectedRevision: nil,
                as: .alice
            )
            await tab.waits(for: 2, of: conversation)
            // Something of a life before.
            var message = commit.value[0]
            message.revision = 9
            await house.bus.publish([Event(.messageUpdated(message))])
            await house.advance(by: Limits.eventPatience, sleepers: 3)
            await tab.waits(for: "resync")
            #expect(tab.told.frames.last { $0.type == "resync" }?.object?["reason"] == .string("ahead"))
            message.revision = 10
            await house.bus.publish([Event(.messageUpdated(message))])
            await tab.waits(for: 10, of: conversation)
            await house.advance(by: Limits.subscriptionSweep)
            await tab.waits(for: "resync", count: 2)
            // And life goes on.
            let next = try await house.say("Two", in: conversation)
            await tab.waits(for: next, of: conversation)
        }
    }

    @Test("What can't be read is said so", arguments: [ParleyError.unavailable("Gone."), .notFound])
    func storeFails(error: ParleyError) async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            try await house.say("One", in: conversation)
            try await house.sayBehindTheBus("Two", in: conversation)
            house.faulty.fail([.changes], with: error)
            try await house.say("Three", in: conversation)
            await house.advance(by: Limits.eventPatience, sleepers: 3)
            await tab.waits(for: "resync")
            #expect(tab.told.revisions(of: conversation) == [2, 4])
            #expect(tab.told.types == ["ready", "chat_message", "chat_message", "resync"])
        }
    }
}
