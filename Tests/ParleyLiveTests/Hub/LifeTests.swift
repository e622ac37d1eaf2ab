import Logging
import ParleyCore
import ParleyStore
import ParleyTesting
import ServiceLifecycle
import Testing

@testable import ParleyLive

@Suite("The hub's life", .timeLimit(.minutes(15)))
struct LifeTests {
    @Test("A person has so many places, and gets them back")
    func places() async throws {
        let house = House()
        try await house.run {
            let sessions = try (0..<Limits.socketsPerPerson).map { _ in
                try house.hub.admit(.alice, by: .token, greets: true)
            }
            do throws(ParleyError) {
                _ = try house.hub.admit(.alice, by: .token, greets: true)
                Issue.record("There was one place more.")
            } catch {
                #expect(error.code == .rateLimited)
                #expect(error.retryAfter != nil)
            }
            #expect(house.hub.sessionCount == Limits.socketsPerPerson)
            _ = try await house.open(.bob)
            sessions[0].ended()
            sessions[0].ended()
            _ = try house.hub.admit(.alice, by: .token, greets: true)
            #expect(throws: ParleyError.self) { try house.hub.admit(.alice, by: .token, greets: true) }
        }
    }

    @Test("A graceful shutdown closes all connections, and the service ends", arguments: GroupKind.allCases)
    func shutdown(kind: GroupKind) async throws {
        let house = House(kind)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let services = ServiceGroup(services: [house.hub], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let (_, conversation) = try await house.project(with: [.bob])
            let tabs = [try await house.open(.alice), try await house.open(.bob)]
            tabs[0].subscribes(to: conversation, since: 1)
            await tabs[0].waits(for: "subscribed")
            let admitted = try house.hub.admit(.alice, by: .token, greets: true)
            await services.triggerGracefulShutdown()
            for tab in tabs { #expect(await tab.closing() == .shutdown) }
            try await group.waitForAll()
            let late = Tab(admitted, in: kind.make())
            admitted.begin(late)
            #expect(await late.closing() == .shutdown)
            do throws(ParleyError) {
                _ = try house.hub.admit(.alice, by: .token, greets: true)
                Issue.record("It was let in.")
            } catch {
                #expect(error.code == .unavailable)
            }
            for tab in tabs + [late] { tab.session.ended() }
        }
        #expect(house.hub.sessionCount == 0)
        #expect(house.hub.personCount == 0)
        #expect(house.hub.feedCount == 0)
        #expect(house.bus.bus.subscriptionCount == 0)
    }

    @Test("A shutdown doesn't wait for what is being found out")
    func shutdownWhileOpening() async throws {
        let house = House()
        let (isAsked, goesOn) = (Eventual<Void>(), Eventual<Void>())
        let tabs = try await house.run {
            house.faulty.after { read in
                guard read == .projects else { return }
                isAsked.give(())
                // The answer comes when the hub is already being shut down, and there are projects to listen to.
                await withTaskCancellationHandler {
                    await goesOn.value()
                } onCancel: {
                    goesOn.give(())
                }
            }
            let tabs = try (0..<3).map { _ in try house.connect(.alice) }
            await isAsked.value()
            return tabs
        }
        for tab in tabs { #expect(await tab.closing() == .shutdown) }
    }

    @Test("When the bus ends, nobody is left waiting for what never comes")
    func busEnds() async throws {
        let house = House()
        try await house.run {
            let tabs = [try await house.open(.alice), try await house.open(.bob)]
            house.bus.bus.shutDown()
            for tab in tabs { #expect(await tab.closing() == .failure) }
            let late = try house.connect(.carol)
            #expect(await late.closing() == .failure)
        }
    }

    @Test("One that is gone while it is being opened leaves nothing behind", arguments: GroupKind.allCases)
    func endedWhileOpening(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (isAsked, goesOn) = (Eventual<Void>(), Eventual<Void>())
            house.faulty.before { read in
                guard read == .projects else { return }
                isAsked.give(())
                await goesOn.value()
            }
            let tab = try house.connect(.alice)
            await isAsked.value()
            tab.session.ended()
            #expect(house.hub.sessionCount == 0)
            #expect(house.hub.personCount == 0)
            goesOn.give(())
            house.faulty.before { _ in }
            let again = try await house.open(.alice)
            again.session.ended()
            #expect(house.hub.personCount == 0)
            #expect(house.hub.feedCount == 0)
            #expect(tab.told.frames.isEmpty)
        }
    }

    @Test("One that never got its connection gives its place back")
    func neverBegun() async throws {
        let house = House()
        try await house.run {
            let session = try house.hub.admit(.alice, by: .token, greets: true)
            session.ended()
            #expect(house.hub.sessionCount == 0)
            let tab = Tab(session, in: QueuedGroup())
            session.begin(tab)
            session.receive(Array(#"{"type":"ping"}"#.utf8))
            let other = try await house.open(.alice)
            other.sends(#"{"type":"ping"}"#)
            await other.waits(for: "pong")
            #expect(tab.told.frames.isEmpty)
        }
    }

    @Test("One that takes too long to open is told to come again")
    func opensTooSlowly() async throws {
        let house = House()
        try await house.run {
            let goesOn = Eventual<Void>()
            house.faulty.before { if $0 == .projects { await goesOn.value() } }
            let tab = try house.connect(.alice)
            for _ in 0..<12 { await house.advance(by: .seconds(1)) }
            #expect(await tab.closing() == .failure)
            goesOn.give(())
        }
    }
}
