import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("Other commands", .timeLimit(.minutes(15)))
struct CommandTests {
    @Test("That somebody writes is told to all others, and not where it came from", arguments: GroupKind.allCases)
    func typing(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project(with: [.bob])
            let (origin, other, bob) = (
                try await house.open(.alice), try await house.open(.alice), try await house.open(.bob)
            )
            for _ in 0..<2 { origin.sends(#"{"type":"typing","conversation_id":"\#(conversation)"}"#) }
            for tab in [other, bob] {
                await tab.waits(for: "typing", count: 2)
                #expect(tab.told.frames.last?.object?["user"] == .string(Identity.alice.email.value))
            }
            let revision = try await house.say("Done", in: conversation)
            await origin.waits(for: revision, of: conversation)
            #expect(origin.told.types == ["ready", "chat_message"])
        }
    }

    @Test("Who may only read can't be seen writing")
    func typingNeedsWrite() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project(with: [.carol], role: .viewer)
            let (alice, carol) = (try await house.open(.alice), try await house.open(.carol))
            carol.sends(#"{"type":"typing","conversation_id":"\#(conversation)"}"#)
            await carol.waits(for: "error")
            let error = carol.told.frames.last?.object
            #expect(error?["error"]?["code"] == .string("forbidden"))
            #expect(error?["conversation_id"] == .string("\(conversation)"))
            let revision = try await house.say("Quiet", in: conversation)
            await alice.waits(for: revision, of: conversation)
            #expect(alice.told.types == ["ready", "chat_message"])
        }
    }

    @Test("That one may write is believed for a while, and no longer")
    func typingIsLookedUpAgain() async throws {
        let house = House()
        try await house.run {
            let (project, conversation) = try await house.project(with: [.bob])
            let (alice, bob) = (try await house.open(.alice), try await house.open(.bob))
            bob.sends(#"{"type":"typing","conversation_id":"\#(conversation)"}"#)
            await alice.waits(for: "typing")
            try await house.join(.bob, project, role: .viewer)
            await house.advance(by: Limits.typingAccess)
            bob.sends(#"{"type":"typing","conversation_id":"\#(conversation)"}"#)
            await bob.waits(for: "error")
            #expect(alice.told.frames.count { $0.type == "typing" } == 1)
        }
    }

    @Test("Who sends too much is told when to go on")
    func budget() async throws {
        let house = House(keepsRates: true)
        try await house.run {
            let tab = try await house.open(.alice)
            for count in 1...Limits.socketCommandRate.burst {
                tab.sends(#"{"type":"ping"}"#)
                await tab.waits(for: "pong", count: count)
            }
            tab.sends("anything")
            await tab.waits(for: "error")
            let error = tab.told.frames.last { $0.type == "error" }?.object
            #expect(error?["error"]?["code"] == .string("rate_limited"))
            await house.advance(by: .seconds(1))
            tab.sends("anything")
            await tab.waits(for: "error", count: 2)
            let other = tab.told.frames.last { $0.type == "error" }?.object
            #expect(other?["error"]?["code"] == .string("invalid_request"))
        }
    }

    @Test("Commands wait for the one before, so many and no more")
    func queue() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let (began, goesOn) = (Eventual<Void>(), Eventual<Void>())
            house.faulty.before { read in
                guard read == .changes else { return }
                began.give(())
                await goesOn.value()
            }
            let tab = try await house.open(.alice)
            tab.subscribes(to: conversation, since: 1)
            await began.value()
            for _ in 0..<Limits.socketCommands { tab.sends(#"{"type":"ping"}"#) }
            tab.sends(#"{"type":"ping"}"#)
            await tab.waits(for: "error")
            #expect(tab.told.frames.last?.object?["error"]?["code"] == .string("rate_limited"))
            goesOn.give(())
            await tab.waits(for: "pong", count: Limits.socketCommands)
            #expect(tab.told.types.dropFirst(2).first == "subscribed")
            #expect(tab.told.types.count == Limits.socketCommands + 3)
        }
    }
}
