import ParleyChat
import ParleyCore
import ParleyStore
import ParleyTesting
import ServiceLifecycle
import Testing

@Suite("Where replies run", .timeLimit(.minutes(15)))
struct RegistryTests {
    @Test("When it is full a turn is refused before anything is committed, and a place that is free again is used")
    func full() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider, capacity: 1)
        try await house.run {
            let turn = try await house.ask("One")
            await #expect(code { try await house.ask("Two") } == .unavailable)
            let filter = ConversationFilter()
            let page = try house.memory.conversations(filter, page: PageRequest(), as: .alice)
            #expect(page.elements.map(\.id) == [turn.conversation.id])
            feed.yield(.text("."))
            feed.finish()
            _ = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            await house.registryIsEmpty()
            _ = try await house.ask("Three")
        }
    }

    @Test("One person can't take all places: one more is refused until one of theirs has ended")
    func fullForOne() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider, capacity: 3, capacityPerPerson: 1)
        try await house.run {
            let turn = try await house.ask("One")
            do {
                _ = try await house.ask("Two")
                Issue.record("A second place was given.")
            } catch let error as ParleyError {
                #expect(error.code == .rateLimited && error.retryAfter != nil)
            }
            let page = try house.memory.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
            #expect(page.elements.map(\.id) == [turn.conversation.id])
            // Somebody else still finds a place.
            let other = try await house.ask("Three", as: .bob)
            feed.yield(.text("."))
            feed.finish()
            _ = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            _ = try await house.chat.waitForEnd(other.reply.id, as: .bob)
            await house.registryIsEmpty()
            _ = try await house.ask("Four")
        }
    }

    @Test("A shutdown takes nothing new, and returns when the running replies have ended")
    func drains() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let stopwatch = TestClock()
        let house = House(provider: provider, registryStopwatch: stopwatch)
        try await house.serve(stopwatch) { trigger in
            let turn = try await house.ask()
            await trigger()
            await #expect(code { try await house.ask("Two") } == .unavailable)
            feed.yield(.text("whole"))
            feed.finish()
            let reply = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            #expect(reply.status == .delivered)
            #expect(reply.content == "whole")
        }
        #expect(house.registry.runningReplies == 0)
    }

    @Test("What still runs after the grace period is interrupted with what it had")
    func parks() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let stopwatch = TestClock()
        let house = House(provider: provider, registryStopwatch: stopwatch)
        try await house.serve(stopwatch) { trigger in
            let turn = try await house.ask()
            try await withThrowingTaskGroup(of: Void.self) { group in
                var followed = house.follow(turn.reply.id, in: &group)
                feed.yield(.text("half"))
                #expect(await followed.delta()?.text == "half")
                await trigger()
                stopwatch.advance(by: Limits.shutdownGrace)
                let end = await followed.rest().message
                #expect(end?.status == .interrupted)
                #expect(end?.content == "half")
                try await group.waitForAll()
            }
        }
        #expect(house.registry.runningReplies == 0)
    }

    @Test("It marks what a dead instance left behind when it starts, and again and again")
    func sweeps() async throws {
        let clock = ManualClock()
        let stopwatch = TestClock()
        let house = House(provider: ScriptedProvider(saying: "x"), registryStopwatch: stopwatch, clock: clock)
        func abandon() throws -> MessageID {
            let turn = try house.memory.beginTurn(
                TurnRequest(message: .user("Hi")),
                expectedRevision: nil,
                as: .alice
            )
            let lease = try #require(turn.value.lease)
            _ = try house.memory.appendPieces(["had"], at: 0, under: lease)
            clock.advance(by: Limits.replyLease)
            return turn.value.reply.id
        }
        let first = try abandon()
        try await house.run {
            #expect(try await house.chat.waitForEnd(first, as: .alice).status == .interrupted)
            await stopwatch.sleepers(atLeast: 1)
            let second = try abandon()
            async let end = house.chat.waitForEnd(second, as: .alice)
            stopwatch.advance(by: Limits.replyLease)
            #expect(try await end.status == .interrupted)
            #expect(try house.stored(second).content == "had")
        }
    }
}

extension House {
    /// Runs the registry as a service while `body` runs, and returns when the service has ended.
    ///
    /// `trigger` begins a graceful shutdown, and returns when the registry knows of it.
    func serve(
        _ stopwatch: TestClock,
        _ body: (_ trigger: @Sendable () async -> Void) async throws -> Void
    ) async throws {
        let services = ServiceGroup(services: [registry], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            // Between its looks for abandoned replies it sleeps.
            await stopwatch.sleepers(atLeast: 1)
            try await body {
                await services.triggerGracefulShutdown()
                // The grace period has begun.
                await stopwatch.sleepers(atLeast: 2)
            }
            try await group.waitForAll()
        }
    }
}
