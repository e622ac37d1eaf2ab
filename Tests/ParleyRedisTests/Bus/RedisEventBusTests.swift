import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("RedisEventBus", .serialized, .timeLimit(.minutes(15)))
struct RedisEventBusTests {
    private let project = Sample.project
    private let conversation = EventTopic.conversation(Sample.conversationID, in: Sample.project)

    /// Two instances over a Redis of their own.
    private func withTwo(
        source: (any ChangeSource)? = nil,
        _ body: (Instance, Instance) async throws -> Void
    ) async throws {
        try await LiveRedis.with { redis in
            try await Instance.with(redis.configuration()) { one in
                try await Instance.with(redis.configuration(), source: source) { two in
                    try await body(one, two)
                }
            }
        }
    }

    @Test("Events of every kind reach the subscribers of all instances, each once and in order")
    func delivery() async throws {
        try await withTwo { one, two in
            try await one.bus.withSubscription(to: .project(project)) { here in
                try await two.bus.withSubscription(to: .project(project)) { whole in
                    try await two.bus.withSubscription(to: conversation) { part in
                        let foreign = ConversationID(high: 9, low: 9)
                        let events = Sample.events + [Sample.delta(9, in: foreign), Sample.delta(10)]
                        for event in events { await one.bus.publish([event]) }
                        let isLast = { (signal: Signal) in signal == .event(Sample.delta(10)) }
                        let whole = await signals(from: whole.makeAsyncIterator(), until: isLast)
                        #expect(whole == events.map { .event($0) })
                        let part = await signals(from: part.makeAsyncIterator(), until: isLast)
                        #expect(part == events.filter { $0.conversationID != foreign }.map { .event($0) })
                        // Its own frame is back when the next one is: then it could have been delivered twice.
                        await two.bus.publish([Sample.delta(11)])
                        let own = await signals(from: here.makeAsyncIterator()) { $0 == .event(Sample.delta(11)) }
                        #expect(own == (events + [Sample.delta(11)]).map { .event($0) })
                        #expect(one.counts["gap"] + two.counts["gap"] == 0)
                    }
                }
            }
        }
    }

    @Test("Notices come in one line with their project's events, and a person's on a channel of its own")
    func notices() async throws {
        try await withTwo { one, two in
            let person = EventTopic.person(Sample.person)
            try await two.bus.withSubscription(to: .project(project)) { whole in
                try await two.bus.withSubscription(to: conversation) { part in
                    try await two.bus.withSubscription(to: person) { personal in
                        try await one.bus.withSubscription(to: person) { here in
                            var expected: [Signal] = []
                            for index in 0..<200 {
                                let notice = Sample.projectNotices[index % 2]
                                await one.bus.publish([Sample.delta(index)])
                                await one.bus.announce(notice)
                                expected += [.event(Sample.delta(index)), .access(notice)]
                            }
                            for notice in Sample.personNotices { await one.bus.announce(notice) }
                            await one.bus.publish([Sample.delta(200)])
                            expected.append(.event(Sample.delta(200)))
                            let isLast = { (signal: Signal) in signal == .event(Sample.delta(200)) }
                            #expect(await signals(from: whole.makeAsyncIterator(), until: isLast) == expected)
                            #expect(await signals(from: part.makeAsyncIterator(), until: isLast) == expected)
                            let notices = Sample.personNotices.map(Signal.access)
                            for subscription in [personal, here] {
                                let iterator = subscription.makeAsyncIterator()
                                #expect(await signals(from: iterator) { $0 == notices.last } == notices)
                            }
                            #expect(one.counts["gap"] + two.counts["gap"] == 0)
                        }
                    }
                }
            }
        }
    }

    @Test("One person's notices are nobody else's, and no name of a channel says who it is")
    func persons() async throws {
        try await withTwo { one, two in
            let other = EmailAddress(normalized: "bob@example.org")
            try await two.bus.withSubscription(to: .person(other)) { subscription in
                await one.bus.announce(.signedOut(Sample.person, nil))
                await one.bus.announce(.signedOut(other, nil))
                #expect(await subscription.makeAsyncIterator().next() == .access(.signedOut(other, nil)))
                let channels = try await one.sendUntilAnswered(["PUBSUB", "CHANNELS"])
                #expect(channels.elements.count == 1)
                #expect(!"\(channels)".contains("bob"))
                #expect(try await one.listeners(of: .person(other)) == 1)
            }
        }
    }

    @Test("Redis sees one subscription for each instance and project, confirmed before the body begins")
    func channels() async throws {
        try await withTwo { one, two in
            try await one.bus.withSubscription(to: .project(project)) { _ in
                #expect(try await two.listeners(of: project) == 1)
                try await one.bus.withSubscription(to: conversation) { _ in
                    let listeners = try await two.listeners(of: project)
                    #expect(listeners == 1)
                    #expect(one.bus.channelCount == 1)
                }
                try await two.bus.withSubscription(to: conversation) { _ in
                    let listeners = try await two.listeners(of: project)
                    #expect(listeners == 2)
                }
                #expect(one.bus.subscriptionCount == 1)
            }
            while try await two.listeners(of: project) != 0 { await Task.yield() }
            #expect(one.bus.channelCount == 0)
        }
    }

    @Test("Events of a project don't come to those who listen to another")
    func otherProject() async throws {
        try await withTwo { one, two in
            let other = ProjectID(high: 9, low: 9)
            try await two.bus.withSubscription(to: .project(other)) { subscription in
                await one.bus.publish([Sample.delta(0)])
                await one.bus.publish([Sample.delta(1, of: other)])
                let iterator = subscription.makeAsyncIterator()
                #expect(await iterator.next() == .event(Sample.delta(1, of: other)))
                #expect(two.counts["received"] == 1)
            }
        }
    }

    @Test("A large message is looked up where it arrives; what can't be found is told as lagged, and the order stays")
    func references() async throws {
        let large = String(repeating: "x", count: 100_000)
        let source = ScriptedSource()
        func message(_ id: UInt64, revision: Int) -> Message {
            Sample.message(large, revision: revision, id: MessageID(high: 0, low: id))
        }
        source.put(message(1, revision: 1))
        // Edited meanwhile, gone, older than it should be, of another project, and unreachable.
        source.put(message(2, revision: 20))
        source.put(message(4, revision: 3))
        source.put(Sample.message(large, revision: 9, id: MessageID(high: 0, low: 5), in: ProjectID(high: 8, low: 8)))
        source.fail(MessageID(high: 0, low: 6))
        try await withTwo(source: source) { one, two in
            try await two.bus.withSubscription(to: .project(project)) { subscription in
                let iterator = subscription.makeAsyncIterator()
                var events = (1...6).flatMap { id in
                    [
                        Event(.messageAppended(message(UInt64(id), revision: 4))),
                        Sample.delta(id),
                    ]
                }
                events[0] = Event(.messageAppended(message(1, revision: 1)))
                await one.bus.publish(events)
                var expected: [Signal] = events.map { .event($0) }
                expected[2] = .event(Event(.messageAppended(message(2, revision: 20))))
                for place in [4, 6, 8, 10] { expected[place] = .lagged }
                #expect(await signals(from: iterator) { $0 == .event(Sample.delta(6)) } == expected)
                #expect(two.counts["gap"] == 4)
            }
        }
    }

    @Test("Without anything to look in, a large message is told as lagged to those whom it concerns")
    func noSource() async throws {
        try await withTwo { one, two in
            try await two.bus.withSubscription(to: conversation) { part in
                let other = EventTopic.conversation(ConversationID(high: 9, low: 9), in: project)
                try await two.bus.withSubscription(to: other) { foreign in
                    await one.bus.publish([
                        Event(.messageAppended(Sample.message(String(repeating: "x", count: 60_000))))
                    ])
                    await one.bus.publish([Sample.delta(0, in: ConversationID(high: 9, low: 9))])
                    let signal = await foreign.makeAsyncIterator().next()
                    #expect(signal == .event(Sample.delta(0, in: ConversationID(high: 9, low: 9))))
                    #expect(await part.makeAsyncIterator().next() == .lagged)
                }
            }
        }
    }

    @Test("A frame that is missing before another is told, whoever sent it; a late one is handed on")
    func missingFrames() async throws {
        try await withTwo { one, two in
            let beginning = BusFrame.beginning(of: BusSenderID(high: 7, low: 7))
            func publish(_ number: Int, _ event: Event?) async throws {
                let body = event.flatMap { BusFrame.bodies(of: [$0]).first }
                let frame = BusFrame.bytes(beginning, ChannelNumbers.Number(epoch: 1, number: number), body: body)
                _ = try await one.client.send(["PUBLISH", "events:project:\(project)", .bytes(frame)])
            }
            try await two.bus.withSubscription(to: conversation) { subscription in
                let iterator = subscription.makeAsyncIterator()
                try await publish(1, Sample.delta(1))
                try await publish(3, Sample.delta(3))
                try await publish(2, Sample.delta(2))
                try await publish(4, Sample.delta(4))
                // A beacon that says nothing new, and one that does.
                try await publish(4, nil)
                try await publish(5, nil)
                try await publish(6, Sample.delta(6))
                let expected: [Signal] =
                    [.event(Sample.delta(1)), .lagged]
                    + [3, 2, 4].map { .event(Sample.delta($0)) } + [.lagged, .event(Sample.delta(6))]
                #expect(await signals(from: iterator) { $0 == .event(Sample.delta(6)) } == expected)
            }
        }
    }

    @Test(
        "What is no frame is refused, counted and told as lagged, and the bus goes on",
        arguments: ["", "hello", "{}", #"{"v":2}"#, String(repeating: "[", count: 100_000)]
    )
    func hostileFrame(_ payload: String) async throws {
        try await withTwo { one, two in
            try await two.bus.withSubscription(to: conversation) { subscription in
                let iterator = subscription.makeAsyncIterator()
                _ = try await one.client.send(["PUBLISH", "events:project:\(project)", .string(payload)])
                #expect(await iterator.next() == .lagged)
                #expect(two.counts["refused"] == 1)
                await one.bus.publish([Sample.delta(0)])
                #expect(await iterator.next() == .event(Sample.delta(0)))
            }
        }
    }

    @Test("Events that were published together are few frames, and more come while one is under way")
    func batches() async throws {
        try await withTwo { one, two in
            try await two.bus.withSubscription(to: conversation) { subscription in
                await one.bus.publish((0..<1000).map { Sample.delta($0) })
                let isLast = { (signal: Signal) in signal == .event(Sample.delta(999)) }
                let signals = await signals(from: subscription.makeAsyncIterator(), until: isLast)
                #expect(signals == (0..<1000).map { .event(Sample.delta($0)) })
                #expect(one.counts["sent"] <= 2)
            }
        }
    }

    @Test("A shutdown ends those who listen and those who come later, after the last events were sent")
    func shutdown() async throws {
        try await LiveRedis.with { redis in
            try await Instance.with(redis.configuration()) { two in
                try await two.bus.withSubscription(to: conversation) { subscription in
                    let bus = try await Instance.with(redis.configuration()) { one in
                        async let ended = one.bus.withSubscription(to: conversation) { await collect($0) }
                        while one.bus.subscriptionCount == 0 { await Task.yield() }
                        one.bus.shutDown()
                        let signals = try await ended
                        #expect(signals.isEmpty)
                        await one.bus.publish([Sample.delta(0)])
                        #expect(await subscription.makeAsyncIterator().next() == .event(Sample.delta(0)))
                        return one.bus
                    }
                    try await bus.withSubscription(to: conversation) { #expect(await collect($0).isEmpty) }
                }
            }
        }
    }
}
