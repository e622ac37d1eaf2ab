import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("InProcessEventBus")
struct InProcessEventBusTests {
    private let project = ProjectID(high: 1, low: 1)
    private let conversation = ConversationID(high: 2, low: 2)

    /// A delta, which is the smallest event there is.
    private func event(_ index: Int, in conversation: ConversationID? = nil) -> Event {
        let delta = ReplyDelta(messageID: MessageID(high: 3, low: 3), index: index, text: "\(index)")
        return Event(
            projectID: project,
            conversationID: conversation ?? self.conversation,
            kind: .delta(delta),
            timestamp: .example
        )
    }

    @Test("Events reach the subscribers of their project and of their conversation, and nobody else")
    func topics() async throws {
        let bus = InProcessEventBus()
        let other = ConversationID(high: 2, low: 3)
        try await bus.withSubscription(to: .project(project)) { whole in
            try await bus.withSubscription(to: .conversation(conversation, in: project)) { one in
                try await bus.withSubscription(to: .project(ProjectID(high: 9, low: 9))) { foreign in
                    await bus.publish([event(1), event(2, in: other)])
                    await bus.publish([event(3)])
                    bus.shutDown()
                    #expect(await collect(whole) == [.event(event(1)), .event(event(2, in: other)), .event(event(3))])
                    #expect(await collect(one) == [.event(event(1)), .event(event(3))])
                    #expect(await collect(foreign).isEmpty)
                }
            }
        }
    }

    @Test("Notices stand in line with events, and reach those who listen to their channel")
    func notices() async throws {
        let bus = InProcessEventBus()
        let ada = EmailAddress.person("ada")
        let other = ConversationID(high: 2, low: 3)
        try await bus.withSubscription(to: .project(project)) { whole in
            try await bus.withSubscription(to: .conversation(conversation, in: project)) { one in
                try await bus.withSubscription(to: .person(ada)) { person in
                    try await bus.withSubscription(to: .person(.person("bob"))) { foreign in
                        let key = LoginKey(high: 1, low: 2)
                        await bus.publish([event(1), event(2, in: other)])
                        await bus.announce(.memberJoined(ada, project))
                        await bus.announce(.memberLeft(ada, project))
                        await bus.publish([event(3)])
                        await bus.announce(.signedOut(ada, key))
                        await bus.announce(.projectDeleted(project))
                        bus.signalLagged(in: .person(ada))
                        await bus.announce(.signedOut(ada, nil))
                        bus.shutDown()
                        let left = Signal.access(.memberLeft(ada, project))
                        let gone = Signal.access(.projectDeleted(project))
                        #expect(
                            await collect(whole)
                                == [.event(event(1)), .event(event(2, in: other)), left, .event(event(3)), gone]
                        )
                        #expect(await collect(one) == [.event(event(1)), left, .event(event(3)), gone])
                        #expect(
                            await collect(person) == [
                                .access(.memberJoined(ada, project)), .access(.signedOut(ada, key)), .lagged,
                                .access(.signedOut(ada, nil)),
                            ]
                        )
                        #expect(await collect(foreign).isEmpty)
                        #expect(bus.hearsOthers)
                    }
                }
            }
        }
        #expect(bus.subscriptionCount == 0)
    }

    @Test("A waiting subscriber is woken by the next event")
    func waking() async throws {
        let bus = InProcessEventBus()
        try await bus.withSubscription(to: .conversation(conversation, in: project)) { subscription in
            await withTaskGroup(of: Signal?.self) { group in
                group.addTask {
                    let iterator = subscription.makeAsyncIterator()
                    return await iterator.next()
                }
                await bus.publish([event(1)])
                #expect(await group.next() == .some(.event(event(1))))
            }
        }
    }

    @Test("What waits is bounded: overflow turns all of it into one signal, and then it goes on")
    func overflow() async throws {
        let bus = InProcessEventBus(capacity: 4)
        try await bus.withSubscription(to: .conversation(conversation, in: project)) { slow in
            try await bus.withSubscription(to: .project(project)) { quick in
                let iterator = quick.makeAsyncIterator()
                for index in 0..<7 {
                    await bus.publish([event(index)])
                    // One subscriber's slowness is not another's.
                    #expect(await iterator.next() == .event(event(index)))
                }
                bus.shutDown()
            }
            // 0…3 filled the queue, 4 turned it into one signal, 5 and 6 came behind that.
            #expect(await collect(slow) == [.lagged, .event(event(5)), .event(event(6))])
        }
    }

    @Test("That somebody writes is dropped where there is no room for it, and drops nothing else")
    func typing() async throws {
        let bus = InProcessEventBus(capacity: 2)
        try await bus.withSubscription(to: .project(project)) { subscription in
            let typing = Event(
                projectID: project,
                conversationID: conversation,
                kind: .typing(Typing(user: .person("ada"), connection: ConnectionID(high: 4, low: 4))),
                timestamp: .example
            )
            await bus.publish([typing, event(1), typing])
            bus.shutDown()
            #expect(await collect(subscription) == [.event(typing), .event(event(1))])
        }
    }

    @Test("A queue of the full size holds its limit exactly", arguments: [1, 2, 1023, 1024, 3000])
    func capacity(_ capacity: Int) async throws {
        for excess in 0...1 {
            let bus = InProcessEventBus(capacity: capacity)
            try await bus.withSubscription(to: .conversation(conversation, in: project)) { subscription in
                await bus.publish((0..<(capacity + excess)).map { event($0) })
                bus.shutDown()
                let signals = await collect(subscription)
                #expect(signals == (excess == 0 ? (0..<capacity).map { .event(event($0)) } : [.lagged]))
            }
        }
    }

    @Test("Taking and publishing by turns keeps the order over many times the queue's size")
    func longRun() async throws {
        let bus = InProcessEventBus(capacity: 8)
        try await bus.withSubscription(to: .conversation(conversation, in: project)) { subscription in
            let iterator = subscription.makeAsyncIterator()
            var next = 0
            for round in 0..<1500 {
                await bus.publish([event(round * 3), event(round * 3 + 1), event(round * 3 + 2)])
                for _ in 0..<3 {
                    #expect(await iterator.next() == .event(event(next)))
                    next += 1
                }
            }
        }
    }

    @Test("Lost track is told to those whom it concerns, once however often it is said")
    func lagging() async throws {
        let bus = InProcessEventBus()
        let other = ConversationID(high: 2, low: 3)
        try await bus.withSubscription(to: .project(project)) { whole in
            try await bus.withSubscription(to: .conversation(conversation, in: project)) { one in
                try await bus.withSubscription(to: .project(ProjectID(high: 9, low: 9))) { foreign in
                    bus.signalLagged(in: other, of: project)
                    bus.signalLagged(in: conversation, of: project)
                    bus.signalLagged(in: .project(project))
                    await bus.publish([event(1)])
                    bus.signalLagged(in: .project(project))
                    bus.shutDown()
                    #expect(await collect(whole) == [.lagged, .event(event(1)), .lagged])
                    #expect(await collect(one) == [.lagged, .event(event(1)), .lagged])
                    #expect(await collect(foreign).isEmpty)
                }
            }
        }
    }

    @Test("A subscription is gone when its body has ended, also by an error")
    func removal() async throws {
        struct Failure: Error {}
        let bus = InProcessEventBus()
        let value = try await bus.withSubscription(to: .project(project)) { _ in
            #expect(bus.subscriptionCount == 1)
            return 7
        }
        #expect(value == 7)
        #expect(bus.subscriptionCount == 0)
        await #expect(throws: Failure.self) {
            try await bus.withSubscription(to: .project(project)) { _ in throw Failure() }
        }
        #expect(bus.subscriptionCount == 0)
    }

    @Test("A cancelled subscriber stops waiting, and its subscription goes")
    func cancellation() async throws {
        let bus = InProcessEventBus()
        let topic = EventTopic.conversation(conversation, in: project)
        let (subscribed, announce) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: [Signal].self) { group in
            group.addTask {
                try await bus.withSubscription(to: topic) { subscription in
                    announce.yield()
                    return await collect(subscription)
                }
            }
            for await _ in subscribed { break }
            #expect(bus.subscriptionCount == 1)
            group.cancelAll()
            for try await signals in group { #expect(signals.isEmpty) }
        }
        #expect(bus.subscriptionCount == 0)
    }

    @Test("A shutdown ends those who wait and those who come later")
    func shutDown() async throws {
        let bus = InProcessEventBus()
        let topic = EventTopic.conversation(conversation, in: project)
        let (subscribed, announce) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: [Signal].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await bus.withSubscription(to: topic) { subscription in
                        announce.yield()
                        return await collect(subscription)
                    }
                }
            }
            for await _ in subscribed where bus.subscriptionCount == 4 { break }
            bus.shutDown()
            for try await signals in group { #expect(signals.isEmpty) }
        }
        try await bus.withSubscription(to: topic) { subscription in
            await bus.publish([event(1)])
            #expect(await collect(subscription).isEmpty)
        }
    }

    @Test("Of events published from everywhere none is lost that there is room for")
    func concurrentPublishers() async throws {
        let bus = InProcessEventBus(capacity: 2000)
        try await bus.withSubscription(to: .conversation(conversation, in: project)) { subscription in
            async let seen = take(1600, from: subscription)
            await withTaskGroup(of: Void.self) { group in
                for publisher in 0..<16 {
                    group.addTask { for index in 0..<100 { await bus.publish([event(publisher * 100 + index)]) } }
                }
            }
            let indices = await seen.map { signal -> Int in
                guard case .event(let event) = signal, case .delta(let delta) = event.kind else { return -1 }
                return delta.index
            }
            #expect(indices.sorted() == Array(0..<1600))
            for publisher in 0..<16 {
                let own = indices.filter { $0 / 100 == publisher }
                #expect(own == own.sorted())
            }
        }
    }
}

/// All signals to the end.
private func collect(_ subscription: EventSubscription) async -> [Signal] {
    var signals: [Signal] = []
    for await signal in subscription { signals.append(signal) }
    return signals
}

private func take(_ count: Int, from subscription: EventSubscription) async -> [Signal] {
    var signals: [Signal] = []
    for await signal in subscription {
        signals.append(signal)
        if signals.count == count { break }
    }
    return signals
}
