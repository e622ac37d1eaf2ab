import Foundation
import Logging
import ParleyCore
import ParleyTesting
import RedisWire
import ServiceLifecycle
import Testing

@testable import ParleyRedis

@Suite("RedisEventBus from beginning to end", .serialized, .timeLimit(.minutes(15)))
struct RedisEventBusLifeTests {
    private let project = Sample.project
    private let conversation = EventTopic.conversation(Sample.conversationID, in: Sample.project)

    private func withTwo(_ body: (Instance, Instance) async throws -> Void) async throws {
        try await LiveRedis.with { redis in
            try await Instance.with(redis.configuration()) { one in
                try await Instance.with(redis.configuration()) { two in try await body(one, two) }
            }
        }
    }

    @Test("What was published before the bus runs, and just before a graceful shutdown, reaches the others")
    func gracefulShutdown() async throws {
        try await LiveRedis.with { redis in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let client = try RedisClient(redis.configuration(), logger: logger)
            let subscriber = try RedisSubscriber(redis.configuration(), logger: logger)
            let bus = RedisEventBus(client: client, subscriber: subscriber, source: nil, logger: logger)
            #expect(!bus.hearsOthers)
            let services = ServiceGroup(services: [client, subscriber, bus], logger: logger)
            try await Instance.with(redis.configuration()) { two in
                try await two.bus.withSubscription(to: conversation) { subscription in
                    let iterator = subscription.makeAsyncIterator()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await services.run() }
                        try await client.waitUntilConnected()
                        // One connection may stand before the bus runs; then this waits in its outbox.
                        await bus.publish([Sample.delta(0)])
                        #expect(await iterator.next() == .event(Sample.delta(0)))
                        try await bus.withSubscription(to: .project(project)) { own in
                            await bus.publish((1..<500).map { Sample.delta($0) })
                            await services.triggerGracefulShutdown()
                            let last = await signals(from: iterator) { $0 == .event(Sample.delta(499)) }
                            #expect(last == (1..<500).map { .event(Sample.delta($0)) })
                            #expect(await collect(own).count == 499)
                        }
                        try await group.waitForAll()
                        #expect(!bus.hearsOthers)
                    }
                }
            }
        }
    }

    @Test("A subscriber that is cancelled while it waits for Redis stops waiting")
    func cancelledWait() async throws {
        try await LiveRedis.with { redis in
            try await Instance.with(redis.configuration()) { one in
                redis.signal(SIGSTOP)
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        try await one.bus.withSubscription(to: conversation) { await collect($0).isEmpty }
                    }
                    while one.bus.channelCount == 0 { await Task.yield() }
                    group.cancelAll()
                    for try await isEmpty in group { #expect(isEmpty) }
                }
                #expect(one.bus.channelCount == 0)
                redis.signal(SIGCONT)
            }
        }
    }

    @Test("What waits for a slow lookup is bounded: what overflows is told")
    func overflow() async throws {
        let source = ScriptedSource()
        try await LiveRedis.with { redis in
            try await Instance.with(redis.configuration()) { one in
                try await Instance.with(redis.configuration(), source: source, clock: TestClock()) { two in
                    try await two.bus.withSubscription(to: conversation) { subscription in
                        let log = NumberedLog()
                        source.hold()
                        let large = Sample.message(String(repeating: "x", count: 50_000))
                        await one.bus.publish([Event(.messageAppended(large))])
                        while source.waiting == 0 { await Task.yield() }
                        // One frame each, more than the subscription's queue holds.
                        let beginning = BusFrame.beginning(of: BusSenderID(high: 7, low: 7))
                        for number in 1...1500 {
                            let frame = BusFrame.bytes(
                                beginning,
                                ChannelNumbers.Number(epoch: 1, number: number),
                                body: BusFrame.bodies(of: [log.commit()]).first
                            )
                            _ = try await one.client.send(["PUBLISH", "events:project:\(project)", .bytes(frame)])
                        }
                        source.letGo()
                        let reads = try await log.follow(subscription, until: 1500)
                        #expect(reads > 0)
                    }
                }
            }
        }
    }

    @Test("Three instances that all publish and all listen see everything of each other")
    func three() async throws {
        try await LiveRedis.with { redis in
            let configuration = redis.configuration()
            try await Instance.with(configuration) { one in
                try await Instance.with(configuration) { two in
                    try await Instance.with(configuration) { three in
                        let instances = [one, two, three]
                        try await withThrowingTaskGroup(of: [Signal].self) { group in
                            for instance in instances {
                                group.addTask {
                                    try await instance.bus.withSubscription(to: .project(project)) { subscription in
                                        var signals: [Signal] = []
                                        for await signal in subscription {
                                            signals.append(signal)
                                            if signals.count == 600 { break }
                                        }
                                        return signals
                                    }
                                }
                            }
                            while try await one.listeners(of: project) != 3 { await Task.yield() }
                            while instances.contains(where: { $0.bus.subscriptionCount == 0 }) { await Task.yield() }
                            let conversations = (1...3).map { ConversationID(high: 0, low: $0) }
                            for (instance, id) in zip(instances, conversations) {
                                group.addTask {
                                    for index in 0..<200 { await instance.bus.publish([Sample.delta(index, in: id)]) }
                                    return []
                                }
                            }
                            for try await signals in group where !signals.isEmpty {
                                for id in conversations {
                                    let expected = (0..<200).map { Signal.event(Sample.delta($0, in: id)) }
                                    #expect(signals.filter { $0.conversationID == id } == expected)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("Subscribers that come and go while events flow miss none in silence")
    func churn() async throws {
        try await withTwo { one, two in
            let log = NumberedLog()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        // What is committed is published, in order, as one writer does.
                        await one.bus.publish([log.commit()])
                        // As fast as Redis answers, and no faster: else it would be about full queues.
                        _ = try await one.client.send(["PING"])
                    }
                }
                try await withThrowingTaskGroup(of: Void.self) { subscribers in
                    for _ in 0..<8 {
                        subscribers.addTask {
                            for round in 0..<125 {
                                try await two.bus.withSubscription(to: conversation) { subscription in
                                    // Some leave at once; the others read the state, and then follow a while.
                                    guard round % 3 != 0 else { return }
                                    let known = log.committed
                                    _ = try await log.follow(subscription, from: known, until: known + 2)
                                }
                            }
                        }
                    }
                    try await subscribers.waitForAll()
                }
                group.cancelAll()
            }
            while try await two.listeners(of: project) != 0 { await Task.yield() }
            #expect(two.bus.channelCount == 0)
            #expect(two.bus.subscriptionCount == 0)
        }
    }
}
