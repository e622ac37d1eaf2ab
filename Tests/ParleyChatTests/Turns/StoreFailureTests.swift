import ParleyChat
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("A reply while its store fails", .timeLimit(.minutes(15)))
struct StoreFailureTests {
    @Test(
        "Every piece is there once, whether the store failed before or after it committed",
        arguments: [[StoreProbe.Fault.before], [.after], [.before, .after, .before], [.after, .after]]
    )
    func pieces(faults: [StoreProbe.Fault]) async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider)
        try await house.run {
            let turn = try await house.ask()
            try await withThrowingTaskGroup(of: Void.self) { group in
                var followed = house.follow(turn.reply.id, in: &group)
                feed.yield(.text("a"))
                #expect(await followed.delta()?.text == "a")
                house.probe.fail(faults)
                feed.yield(.text("b"))
                #expect(await followed.delta() == ReplyDelta(messageID: turn.reply.id, index: 1, text: "b"))
                feed.yield(.text("c"))
                #expect(await followed.delta()?.text == "c")
                feed.finish()
                #expect(await followed.rest().message?.content == "abc")
                try await group.waitForAll()
            }
        }
    }

    @Test(
        "An end whose acknowledgement was lost is an end, and stands in the query log",
        arguments: [StoreProbe.Fault.before, .after]
    )
    func end(fault: StoreProbe.Fault) async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let stopwatch = TestClock()
        let house = House(provider: provider, stopwatch: stopwatch)
        try await house.run {
            let turn = try await house.ask()
            try await withThrowingTaskGroup(of: Void.self) { group in
                var followed = house.follow(turn.reply.id, in: &group)
                feed.yield(.text("a"))
                #expect(await followed.delta()?.text == "a")
                house.probe.fail([fault])
                feed.finish()
                // The follower's next look, the next renewal, and the next attempt; only the last comes.
                await stopwatch.sleepers(atLeast: 3)
                stopwatch.advance(by: .milliseconds(100))
                #expect(await followed.rest().message?.status == .delivered)
                try await group.waitForAll()
            }
            await house.registryIsEmpty()
            let lines = try house.memory.entries(since: Timestamp(microseconds: 0), limit: 10)
            #expect(lines.map(\.messageID) == [turn.reply.id])
        }
    }

    @Test("A store that stays away is given up; what was committed stays, and the reply is interrupted")
    func givenUp() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let clock = ManualClock()
        let stopwatch = TestClock()
        let house = House(provider: provider, stopwatch: stopwatch, clock: clock)
        try await house.run {
            let turn = try await house.ask()
            feed.yield(.text("kept"))
            var calls = house.probe.calls.makeAsyncIterator()
            while let call = await calls.next(isolation: #isolation), call != .append(index: 0) {}
            house.probe.fail(Array(repeating: .before, count: 100))
            feed.yield(.text("lost"))
            while house.registry.runningReplies > 0 {
                stopwatch.advance(by: Limits.pieceInterval)
                await Task.yield()
            }
            #expect(house.probe.count(of: .append(index: 1)) == 1 + Limits.replyStoreRetries)
            clock.advance(by: Limits.replyLease)
            _ = try await house.store.interruptAbandonedReplies()
            let reply = try house.stored(turn.reply.id)
            #expect(reply.status == .interrupted)
            #expect(reply.content == "kept")
        }
    }

    @Test("A silent model's lease is renewed")
    func renews() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let stopwatch = TestClock()
        let house = House(provider: provider, stopwatch: stopwatch)
        try await house.run {
            let turn = try await house.ask()
            var calls = house.probe.calls.makeAsyncIterator()
            for _ in 0..<3 {
                await stopwatch.sleepers(atLeast: 1)
                stopwatch.advance(by: Limits.replyRenewal)
                while let call = await calls.next(isolation: #isolation), call != .renew {}
            }
            feed.yield(.text("late"))
            feed.finish()
            let reply = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            #expect(reply.content == "late")
            #expect(reply.latencyMilliseconds == 9000)
        }
    }
}
