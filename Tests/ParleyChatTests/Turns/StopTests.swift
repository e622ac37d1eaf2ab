import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyChat

@Suite("Stopping a reply", .timeLimit(.minutes(15)))
struct StopTests {
    @Test("It ends where it is, delivered, and the call to the model ends with it")
    func stop() async throws {
        let (hasSpoken, isCancelled) = (Latch(), Latch())
        let provider = ScriptedProvider { _, consume in
            try await consume(.text("As I was say"))
            hasSpoken.open()
            do {
                try await ContinuousClock().sleep(for: .seconds(3600))
            } catch {
                isCancelled.open()
                throw error
            }
        }
        let house = House(provider: provider)
        try await house.run {
            let turn = try await house.ask()
            await hasSpoken.wait()
            let reply = try await house.chat.stop(turn.reply.id, as: .alice)
            #expect(reply.status == .delivered)
            #expect(reply.content == "As I was say")
            #expect(reply.metadata["stopped"] == true)
            await isCancelled.wait()
            #expect(try await house.chat.stop(turn.reply.id, as: .alice) == reply)
        }
    }

    @Test("A stop at another instance is heard when the silent reply next renews its lease")
    func elsewhere() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let stopwatch = TestClock()
        let house = House(provider: provider, stopwatch: stopwatch)
        // The other instance shares the store and the bus, and writes nothing itself.
        let other = ChatService(
            store: house.store,
            bus: house.bus,
            provider: provider,
            queryLog: house.memory,
            registry: House(provider: provider).registry,
            clock: ManualClock(),
            logger: house.logger
        )
        try await house.run {
            let turn = try await house.ask()
            try await withThrowingTaskGroup(of: Void.self) { group in
                var followed = house.follow(turn.reply.id, in: &group)
                feed.yield(.text("a"))
                #expect(await followed.delta()?.text == "a")
                async let stopped = other.stop(turn.reply.id, as: .alice)
                var calls = house.probe.calls.makeAsyncIterator()
                while let call = await calls.next(isolation: #isolation), call != .requestStop {}
                await stopwatch.sleepers(atLeast: 1)
                stopwatch.advance(by: Limits.replyRenewal)
                let reply = try await stopped
                #expect(reply.status == .delivered)
                #expect(reply.metadata["stopped"] == true)
                #expect(reply.content == "a")
                try await group.waitForAll()
            }
        }
    }

    @Test("A stop that comes late does not stop the version that was begun since")
    func late() async throws {
        let (hasSpoken, mayGoOn) = (Latch(), Latch())
        let calls = Mutex(0)
        let provider = ScriptedProvider { _, consume in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            try await consume(.text("version \(call)"))
            guard call == 2 else { return }
            hasSpoken.open()
            await mayGoOn.wait()
            try await consume(.text(", to its end"))
        }
        let house = House(provider: provider)
        try await house.run {
            let turn = try await house.ask()
            _ = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            _ = try await house.chat.regenerate(
                turn.reply.id,
                options: TurnOptions(),
                expectedRevision: nil,
                as: .alice
            )
            await hasSpoken.wait()
            house.registry.stop(turn.reply)
            mayGoOn.open()
            let reply = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            #expect(reply.content == "version 2, to its end")
            #expect(reply.metadata["stopped"] == nil)
        }
    }

    @Test("A writer that does not answer is not waited for without end; the wish to stop stays")
    func noAnswer() async throws {
        let (provider, _) = ScriptedProvider.fed()
        let stopwatch = TestClock()
        let house = House(provider: provider, stopwatch: stopwatch)
        // Nobody writes: the turn stands in the store alone, as after a crash.
        let request = TurnRequest(message: .user("Hi"))
        let turn = try house.memory.beginTurn(request, expectedRevision: nil, as: .alice).value
        async let stopped = house.chat.stop(turn.reply.id, as: .alice)
        // The waiting itself, and the look at the reply now and then.
        await stopwatch.sleepers(atLeast: 2)
        stopwatch.advance(by: Limits.replyStopWait)
        #expect(try await stopped.status == .streaming)
        let lease = try #require(turn.lease)
        #expect(try house.memory.renew(lease) == .stopRequested)
    }
}
