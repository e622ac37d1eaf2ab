import Foundation
import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("RedisEventBus when things fail", .serialized, .timeLimit(.minutes(15)))
struct RedisEventBusFaultTests {
    private let project = Sample.project
    private let conversation = EventTopic.conversation(Sample.conversationID, in: Sample.project)

    private func publish(_ count: Int, of log: NumberedLog, by instance: Instance) async {
        for _ in 0..<count { await instance.bus.publish([log.commit()]) }
    }

    /// A fault in the middle of a stream of events from one instance to the other, seen by one who follows it there.
    private func follow(
        timeout: Duration = .seconds(20),
        through fault: (LiveRedis, _ one: Instance, _ two: Instance, NumberedLog) async throws -> Void
    ) async throws {
        try await LiveRedis.with { redis in
            let configuration = redis.configuration(timeout: timeout)
            try await Instance.with(configuration) { one in
                try await Instance.with(configuration) { two in
                    let log = NumberedLog()
                    try await two.bus.withSubscription(to: conversation) { subscription in
                        await publish(20, of: log, by: one)
                        #expect(try await log.follow(subscription, until: 20) == 0)
                        async let first = log.follow(subscription, from: 20, until: 100)
                        try await fault(redis, one, two, log)
                        await publish(100 - log.committed, of: log, by: one)
                        _ = try await first
                        // After it all is as before.
                        try await one.waitUntilConnected()
                        try await two.waitUntilConnected()
                        await publish(20, of: log, by: one)
                        _ = try await log.follow(subscription, from: 100, until: 120)
                    }
                }
            }
        }
    }

    @Test("A link that is cut is made again, and what was missed is told")
    func killedLinks() async throws {
        try await follow { _, one, two, log in
            for _ in 0..<5 {
                try await one.sendUntilAnswered(["CLIENT", "KILL", "TYPE", "pubsub"])
                await publish(10, of: log, by: one)
                try await two.waitUntilConnected()
            }
        }
    }

    @Test("A Redis that was killed and started again is found again, and what was missed is told")
    func killedRedis() async throws {
        try await follow { redis, one, _, log in
            await redis.kill()
            await publish(30, of: log, by: one)
            try await redis.startAgain()
        }
    }

    @Test("A Redis that stands still holds nobody up, and what was missed is told")
    func pausedRedis() async throws {
        try await follow(timeout: .milliseconds(200)) { redis, one, _, log in
            redis.signal(SIGSTOP)
            await publish(30, of: log, by: one)
            // A subscriber that comes now begins as soon as it is clear that Redis doesn't answer.
            try await one.bus.withSubscription(to: .project(ProjectID(high: 6, low: 6))) { _ in }
            redis.signal(SIGCONT)
        }
    }

    @Test("What Redis holds is of no use to the bus: emptying it changes nothing")
    func flushed() async throws {
        try await follow { _, one, _, log in
            try await one.sendUntilAnswered(["FLUSHALL"])
            await publish(30, of: log, by: one)
            try await one.sendUntilAnswered(["SCRIPT", "FLUSH"])
        }
    }

    @Test("Without Redis, subscribers hear of what happens here, and are told when it is back")
    func noRedis() async throws {
        try await LiveRedis.with { redis in
            await redis.kill()
            try await Instance.with(redis.configuration(), waits: false) { one in
                try await one.bus.withSubscription(to: conversation) { subscription in
                    #expect(!one.bus.hearsOthers)
                    let iterator = subscription.makeAsyncIterator()
                    await one.bus.publish([Sample.delta(0)])
                    #expect(await iterator.next() == .event(Sample.delta(0)))
                    try await redis.startAgain()
                    #expect(await iterator.next() == .lagged)
                    #expect(try await one.listeners(of: project) == 1)
                }
            }
        }
    }

    @Test("Whoever listens for a person is told when Redis is back, and until then the bus says that it hears nobody")
    func personWithoutRedis() async throws {
        try await LiveRedis.with { redis in
            try await Instance.with(redis.configuration()) { one in
                #expect(one.bus.hearsOthers)
                try await one.bus.withSubscription(to: .person(Sample.person)) { subscription in
                    #expect(one.bus.hearsOthers)
                    let iterator = subscription.makeAsyncIterator()
                    await redis.kill()
                    while one.bus.hearsOthers { await Task.yield() }
                    await one.bus.announce(.signedOut(Sample.person, nil))
                    #expect(await iterator.next() == .access(.signedOut(Sample.person, nil)))
                    try await redis.startAgain()
                    #expect(await iterator.next() == .lagged)
                    // The notice, which nobody took, or its beacon.
                    while !one.bus.hearsOthers { await Task.yield() }
                    await one.bus.announce(Sample.personNotices[0])
                    #expect(await iterator.next() == .access(Sample.personNotices[0]))
                }
            }
        }
    }

    @Test("A notice that could not be published is told by a beacon, and so long others are not heard either")
    func failedNotice() async throws {
        try await LiveRedis.with { redis in
            let clock = TestClock()
            try await Instance.with(redis.configuration(), clock: clock) { one in
                try await Instance.with(redis.configuration()) { two in
                    try await two.bus.withSubscription(to: .person(Sample.person)) { subscription in
                        let iterator = subscription.makeAsyncIterator()
                        await one.bus.announce(Sample.personNotices[0])
                        #expect(await iterator.next() == .access(Sample.personNotices[0]))
                        try await two.sendUntilAnswered(["ACL", "SETUSER", "default", "-publish"])
                        #expect(one.bus.hearsOthers)
                        await one.bus.announce(Sample.personNotices[1])
                        while one.bus.hearsOthers { await Task.yield() }
                        try await two.sendUntilAnswered(["ACL", "SETUSER", "default", "+publish"])
                        while two.counts["gap"] == 0 {
                            clock.advance(by: .seconds(1))
                            await Task.yield()
                        }
                        #expect(await iterator.next() == .lagged)
                        while !one.bus.hearsOthers { await Task.yield() }
                    }
                }
            }
        }
    }

    @Test("Notices that found no room to wait are told as events are")
    func fullOutboxOfNotices() async throws {
        try await LiveRedis.with { redis in
            let outbox = EventOutbox(maxCount: 1)
            try await Instance.with(redis.configuration(), outbox: outbox) { one in
                try await Instance.with(redis.configuration()) { two in
                    try await two.bus.withSubscription(to: .project(project)) { subscription in
                        let iterator = subscription.makeAsyncIterator()
                        // More than there is room for, in one call.
                        await one.bus.publish([Sample.delta(0), Sample.delta(1)])
                        await one.bus.announce(Sample.projectNotices[0])
                        #expect(await iterator.next() == .event(Sample.delta(0)))
                        while two.counts["gap"] == 0 {
                            await one.bus.announce(Sample.projectNotices[0])
                            await Task.yield()
                        }
                        let told = await signals(from: iterator) { $0 == .lagged }
                        #expect(told.dropLast().allSatisfy { $0 == .access(Sample.projectNotices[0]) })
                    }
                }
            }
        }
    }

    @Test("A frame that could not be published, and that none follows, is told by a beacon")
    func failedPublish() async throws {
        try await LiveRedis.with { redis in
            let clock = TestClock()
            try await Instance.with(redis.configuration(), clock: clock) { one in
                try await Instance.with(redis.configuration()) { two in
                    try await two.bus.withSubscription(to: conversation) { subscription in
                        let iterator = subscription.makeAsyncIterator()
                        await one.bus.publish([Sample.delta(0)])
                        #expect(await iterator.next() == .event(Sample.delta(0)))
                        try await two.sendUntilAnswered(["ACL", "SETUSER", "default", "-publish"])
                        await one.bus.publish([Sample.delta(1)])
                        while one.counts["failed"] == 0 { await Task.yield() }
                        try await two.sendUntilAnswered(["ACL", "SETUSER", "default", "+publish"])
                        #expect(two.counts["gap"] == 0)
                        while two.counts["gap"] == 0 {
                            clock.advance(by: .seconds(1))
                            await Task.yield()
                        }
                        #expect(await iterator.next() == .lagged)
                        await one.bus.publish([Sample.delta(2)])
                        #expect(await iterator.next() == .event(Sample.delta(2)))
                    }
                }
            }
        }
    }

    @Test("Events that found no room to wait are told, and those that did come")
    func fullOutbox() async throws {
        try await LiveRedis.with { redis in
            try await Instance.with(redis.configuration(), outbox: EventOutbox(maxCount: 10)) { one in
                try await Instance.with(redis.configuration()) { two in
                    try await two.bus.withSubscription(to: conversation) { subscription in
                        let iterator = subscription.makeAsyncIterator()
                        await one.bus.publish((0..<15).map { Sample.delta($0) })
                        let first = await signals(from: iterator) { $0 == .event(Sample.delta(9)) }
                        #expect(first == (0..<10).map { .event(Sample.delta($0)) })
                        await one.bus.publish([Sample.delta(15)])
                        #expect(await iterator.next() == .lagged)
                        #expect(await iterator.next() == .event(Sample.delta(15)))
                        #expect(one.counts["failed"] == 1)
                    }
                }
            }
        }
    }

    @Test("Where Redis lets nobody listen, subscribers hear of what happens here")
    func refusedChannel() async throws {
        try await LiveRedis.with { redis in
            let clock = TestClock()
            try await Instance.with(redis.configuration(), clock: clock) { one in
                try await one.sendUntilAnswered(["ACL", "SETUSER", "default", "resetchannels"])
                try await one.waitUntilConnected()
                try await one.bus.withSubscription(to: conversation) { subscription in
                    let iterator = subscription.makeAsyncIterator()
                    await one.bus.publish([Sample.delta(0)])
                    #expect(await iterator.next() == .event(Sample.delta(0)))
                    #expect(!one.bus.hearsOthers)
                    try await one.sendUntilAnswered(["ACL", "SETUSER", "default", "allchannels"])
                    async let signal = iterator.next()
                    while one.counts["gap"] == 0 {
                        clock.advance(by: .seconds(1))
                        await Task.yield()
                    }
                    #expect(await signal == .lagged)
                }
            }
        }
    }

    @Test("Through one fault after another, nothing is missed in silence", arguments: 0..<3)
    func storm(_ seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let faults = (0..<12).map { _ in random.place(in: 4) }
        try await LiveRedis.with { redis in
            let configuration = redis.configuration(timeout: .milliseconds(200))
            try await Instance.with(configuration) { one in
                try await Instance.with(configuration) { two in
                    let log = NumberedLog()
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        for _ in 0..<4 {
                            group.addTask {
                                try await two.bus.withSubscription(to: conversation) {
                                    try await log.follow($0, until: 1200)
                                }
                            }
                        }
                        while two.bus.subscriptionCount < 4 { await Task.yield() }
                        for fault in faults {
                            await publish(50, of: log, by: one)
                            switch fault {
                            case 0: try await one.sendUntilAnswered(["CLIENT", "KILL", "TYPE", "pubsub"])
                            case 1:
                                try await two.sendUntilAnswered(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"])
                            case 2:
                                redis.signal(SIGSTOP)
                                await publish(10, of: log, by: one)
                                redis.signal(SIGCONT)
                            default:
                                await redis.kill()
                                await publish(10, of: log, by: one)
                                try await redis.startAgain()
                            }
                        }
                        await publish(1200 - log.committed, of: log, by: one)
                        try await group.waitForAll()
                    }
                }
            }
        }
    }
}
