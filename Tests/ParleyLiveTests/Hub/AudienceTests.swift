import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("What is told, and to whom", .timeLimit(.minutes(15)))
struct AudienceTests {
    @Test("The greeting comes first, and then what happens from then on", arguments: GroupKind.allCases)
    func greeting(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project()
            let tab = try await house.open(.alice)
            let revision = try await house.say("Hello", in: conversation)
            await tab.waits(for: revision, of: conversation)
            #expect(tab.told.types == ["ready", "chat_message"])
            tab.session.ended()
            #expect(house.hub.sessionCount == 0)
            #expect(house.hub.personCount == 0)
            #expect(house.hub.feedCount == 0)
        }
    }

    @Test("All members are told, in all of their tabs, and nobody else", arguments: GroupKind.allCases)
    func members(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (project, conversation) = try await house.project(with: [.bob])
            try await house.join(.carol, project, role: .viewer)
            let own = try await house.store.createConversation(NewConversation(), as: .mallory).value.id
            let group = kind.make()
            var tabs: [Tab] = []
            for person in [Identity.alice, .alice, .bob, .carol] {
                tabs.append(try house.connect(person, in: group))
                tabs.append(try await house.open(person))
            }
            for tab in tabs { await tab.waits(for: "ready") }
            let stranger = try await house.open(.mallory)
            try await house.say("One", in: conversation)
            let last = try await house.say("Two", in: conversation)
            for tab in tabs {
                await tab.waits(for: last, of: conversation)
                #expect(tab.told.types == ["ready", "chat_message", "chat_message"])
            }
            let seen = try await house.say("Mine", in: own, as: .mallory)
            await stranger.waits(for: seen, of: own)
            #expect(stranger.told.types == ["ready", "chat_message"])
            for tab in tabs { #expect(tab.told.revisions(of: own).isEmpty) }
        }
    }

    @Test(
        "Who has lost a project is shut out at once, with those who connect before the old ones are gone",
        arguments: GroupKind.allCases
    )
    func removed(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (project, conversation) = try await house.project(with: [.bob])
            let alice = try await house.open(.alice)
            let tabs = [try await house.open(.bob), try await house.open(.bob)]
            let before = try await house.say("Before", in: conversation)
            for tab in tabs { await tab.waits(for: before, of: conversation) }
            // A third is being let in just then.
            let admitted = try house.hub.admit(.bob, by: .token, greets: true)
            _ = try await house.store.removeMember(Identity.bob.email, from: project, as: .alice)
            for tab in tabs { #expect(await tab.closing() == .accessLost) }
            // The old ones are still there.
            let again = try await house.open(.bob)
            let late = Tab(admitted, in: kind.make())
            admitted.begin(late)
            try await house.say("After", in: conversation)
            let last = try await house.say("Later", in: conversation)
            await alice.waits(for: last, of: conversation)
            let own = try await house.store.createConversation(NewConversation(), as: .bob).value.id
            await again.waits(for: 1, of: own)
            await late.fence()
            for tab in tabs + [again, late] {
                await tab.fence()
                #expect(tab.told.revisions(of: conversation).allSatisfy { $0 <= before })
                #expect(tab.told.closings.count <= 1)
            }
            #expect(again.told.closings.isEmpty)
        }
    }

    @Test(
        "Where a project is deleted, its conversations' end is told before the doors are shut",
        arguments: GroupKind.allCases
    )
    func deleted(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (project, _) = try await house.project(with: [.bob])
            let tabs = [try await house.open(.alice), try await house.open(.bob)]
            _ = try await house.store.deleteProject(project, as: .alice)
            for tab in tabs {
                #expect(await tab.closing() == .accessLost)
                tab.session.ended()
            }
            #expect(house.hub.feedCount == 0)
        }
    }

    @Test("Who joins is told so, and hears at once", arguments: GroupKind.allCases)
    func joined(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (project, conversation) = try await house.project()
            let bob = try await house.open(.bob)
            try await house.join(.bob, project)
            await bob.waits(for: "resync")
            #expect(bob.told.frames.last?.object?["reason"] == .string("joined"))
            let revision = try await house.say("Welcome", in: conversation)
            await bob.waits(for: revision, of: conversation)
            #expect(bob.told.types == ["ready", "resync", "chat_message"])
            // A role is no news.
            try await house.join(.bob, project, role: .viewer)
            let next = try await house.say("You may read", in: conversation)
            await bob.waits(for: next, of: conversation)
            #expect(bob.told.types == ["ready", "resync", "chat_message", "chat_message"])
            // In and out and in again.
            _ = try await house.store.removeMember(Identity.bob.email, from: project, as: .alice)
            #expect(await bob.closing() == .accessLost)
            bob.session.ended()
            try await house.join(.bob, project)
            let again = try await house.open(.bob)
            let last = try await house.say("Again", in: conversation)
            await again.waits(for: last, of: conversation)
        }
    }

    @Test("A project of one's own making is heard of, too")
    func created() async throws {
        let house = House()
        try await house.run {
            let alice = try await house.open(.alice)
            let (_, conversation) = try await house.project()
            await alice.waits(for: "resync")
            let revision = try await house.say("First", in: conversation)
            await alice.waits(for: revision, of: conversation)
        }
    }

    @Test("A membership that is lost while it is being found out what may be told is lost", arguments: 1...2)
    func lostWhileOpening(listing: Int) async throws {
        let house = House()
        try await house.run {
            let (project, conversation) = try await house.project(with: [.bob])
            let alice = try await house.open(.alice)
            let count = Counter()
            house.faulty.after { [store = house.store] read in
                guard read == .projects, count.next() == listing else { return }
                _ = try? await store.removeMember(Identity.bob.email, from: project, as: .alice)
            }
            let bob = try house.connect(.bob)
            await bob.waits { !$0.closings.isEmpty || $0.types.contains("ready") }
            try await house.say("After", in: conversation)
            let last = try await house.say("Later", in: conversation)
            await alice.waits(for: last, of: conversation)
            await bob.fence()
            #expect(bob.told.revisions(of: conversation).isEmpty)
            // What is theirs they hear all the same, unless they were told to come again.
            let own = try await house.store.createConversation(NewConversation(), as: .bob).value.id
            await bob.waits { !$0.closings.isEmpty || !$0.revisions(of: own).isEmpty }
        }
    }

    @Test("Where notices may have been missed, it is looked who is still a member")
    func missedNotice() async throws {
        let house = House()
        try await house.run {
            let (project, conversation) = try await house.project(with: [.bob])
            let (alice, bob) = (try await house.open(.alice), try await house.open(.bob))
            house.bus.loseNotices(true)
            _ = try await house.store.removeMember(Identity.bob.email, from: project, as: .alice)
            house.bus.bus.signalLagged(in: .project(project))
            #expect(await bob.closing() == .accessLost)
            await alice.waits(for: "resync")
            let revision = try await house.say("After", in: conversation)
            await alice.waits(for: revision, of: conversation)
            await bob.fence()
            #expect(bob.told.revisions(of: conversation).isEmpty)
            #expect(alice.told.closings.isEmpty)
        }
    }

    @Test("Where a person's notices may have been missed, it is looked what they may see and whether they may stay")
    func missedJoining() async throws {
        let house = House()
        try await house.run {
            let (project, conversation) = try await house.project()
            let bob = try await house.open(.bob)
            let gone = try await house.open(.bob, by: .login(LoginKey(high: 1, low: 1)).once())
            house.bus.loseNotices(true)
            try await house.join(.bob, project)
            house.bus.bus.signalLagged(in: .person(Identity.bob.email))
            await bob.waits(for: "resync")
            let revision = try await house.say("Welcome", in: conversation)
            await bob.waits(for: revision, of: conversation)
            #expect(await gone.closing() == .expired)
        }
    }

    @Test("While others are not heard, it is looked now and then")
    func deaf() async throws {
        let house = House()
        try await house.run {
            let (project, _) = try await house.project(with: [.bob])
            let (alice, bob) = (try await house.open(.alice), try await house.open(.bob))
            house.bus.loseNotices(true)
            house.bus.hear(false)
            _ = try await house.store.removeMember(Identity.bob.email, from: project, as: .alice)
            await house.advance(by: Limits.subscriptionSweep)
            #expect(await bob.closing() == .accessLost)
            #expect(alice.told.closings.isEmpty)
        }
    }

    @Test(
        "Who can't be told what they may see is told to come again, and then begins anew",
        arguments: GroupKind.allCases
    )
    func storeFails(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project()
            house.faulty.fail([.projects])
            let tabs = try (0..<3).map { _ in try house.connect(.alice) }
            for tab in tabs { #expect(await tab.closing() == .failure) }
            house.faulty.fail([])
            // The old ones are not gone yet.
            let tab = try await house.open(.alice)
            for old in tabs { old.session.ended() }
            let revision = try await house.say("Hello", in: conversation)
            await tab.waits(for: revision, of: conversation)
            #expect(house.hub.sessionCount == 1)
        }
    }

    @Test("Who may have joined and can't be looked up is told to come again, once it has been tried long enough")
    func storeFailsLater() async throws {
        let house = House()
        try await house.run {
            let (project, _) = try await house.project()
            let bob = try await house.open(.bob)
            house.faulty.fail([.projects])
            try await house.join(.bob, project)
            for _ in 0..<10 { await house.advance(by: .seconds(1), sleepers: 3) }
            #expect(await bob.closing() == .failure)
        }
    }

    @Test("A conversation that is moved ends for those who are left behind", arguments: GroupKind.allCases)
    func moved(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project(with: [.bob])
            let target = try await house.project(with: [.carol]).project
            let (alice, bob, carol) = (
                try await house.open(.alice), try await house.open(.bob), try await house.open(.carol)
            )
            for tab in [alice, bob] { tab.subscribes(to: conversation, since: 1) }
            for tab in [alice, bob] { await tab.waits(for: "subscribed") }
            let moved = try await house.store.updateConversation(
                conversation,
                ConversationChanges(projectID: target),
                expectedRevision: nil,
                as: .alice
            ).value.revision
            await bob.waits(for: "resync")
            #expect(bob.told.frames.last?.object?["reason"] == .string("moved"))
            try await house.say("Here", in: conversation)
            let last = try await house.say("Here, too", in: conversation)
            for tab in [alice, carol] {
                await tab.waits(for: last, of: conversation)
                #expect(tab.told.revisions(of: conversation) == [moved, moved + 1, moved + 2])
            }
            await bob.fence()
            #expect(bob.told.revisions(of: conversation).isEmpty)
        }
    }

    @Test("What is filled in is not told to those whose project a conversation has left")
    func movedInSilence() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project(with: [.bob])
            let target = try await house.project().project
            let (alice, bob) = (try await house.open(.alice), try await house.open(.bob))
            alice.subscribes(to: conversation, since: 1)
            await alice.waits(for: "subscribed")
            _ = try await house.faulty.updateConversation(
                conversation,
                ConversationChanges(title: "Secret", projectID: target),
                expectedRevision: nil,
                as: .alice
            )
            try await house.sayBehindTheBus("Secret", in: conversation)
            await house.advance(by: Limits.subscriptionSweep)
            await house.advance(by: Limits.eventPatience, sleepers: 3)
            for tab in [alice, bob] {
                await tab.waits(for: "resync")
                #expect(tab.told.frames.last?.object?["reason"] == .string("moved"))
                #expect(tab.told.revisions(of: conversation).isEmpty)
            }
        }
    }
}
