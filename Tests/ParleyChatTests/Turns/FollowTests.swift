import ParleyChat
import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@Suite("Following a reply", .timeLimit(.minutes(15)))
struct FollowTests {
    // Cut within families of emoji, flags, accents and conjuncts: no cut is a place where a reader would cut.
    private static let pieces = [
        "A", "👩", "\u{200D}👩", "\u{200D}👧", " e", "\u{301}", " 🇩", "🇪", " न", "ि", "\r", "\n", "한", "\u{1F3FD}", " end",
    ]

    @Test("Resuming behind any piece gives the rest to the byte, whether it runs or has ended")
    func resume() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider)
        try await house.run {
            let turn = try await house.ask()
            try await withThrowingTaskGroup(of: Void.self) { group in
                var first = house.follow(turn.reply.id, in: &group)
                for (index, piece) in Self.pieces.enumerated() {
                    feed.yield(.text(piece))
                    #expect(await first.delta()?.index == index)
                }
                var followers = (-1..<Self.pieces.count).map { house.follow(turn.reply.id, after: $0, in: &group) }
                // Each has caught up when it is shown the piece that comes now.
                feed.yield(.text("👍"))
                let last = Self.pieces.count
                var texts: [[UInt8]] = []
                for index in followers.indices {
                    var text = ""
                    while let delta = await followers[index].delta() {
                        text += delta.text
                        if delta.index == last { break }
                    }
                    texts.append(bytes(text))
                }
                feed.yield(.text("🏽!"))
                feed.finish()
                let whole = bytes(Self.pieces.joined() + "👍🏽!")
                for index in followers.indices {
                    let rest = await followers[index].rest()
                    let seen = bytes(Self.pieces.prefix(index).joined())
                    #expect(
                        seen + texts[index] + bytes(rest.deltas.map(\.text).joined()) == whole,
                        "after \(index - 1)"
                    )
                    #expect(rest.message.map { bytes($0.content) } == whole)
                }
                try await group.waitForAll()
                var late = house.follow(turn.reply.id, after: 3, in: &group)
                let end = await late.rest()
                #expect(end.deltas.isEmpty)
                #expect(end.message.map { bytes($0.content) } == whole)
                try await group.waitForAll()
            }
        }
    }

    @Test("A subscriber that fell behind catches up without a gap or a double")
    func lagged() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider, bus: InProcessEventBus(capacity: 2))
        try await house.run {
            let turn = try await house.ask()
            feed.yield(.text("0"))
            let (isBlocked, goOn) = (Latch(), Latch())
            let shown = Mutex<[ReplyDelta]>([])
            async let end = house.chat.follow(turn.reply.id, after: -1, as: .alice) { event in
                guard case .delta(let delta) = event.kind else { return }
                shown.withLock { $0.append(delta) }
                isBlocked.open()
                await goOn.wait()
            }
            await isBlocked.wait()
            var calls = house.probe.calls.makeAsyncIterator()
            while let call = await calls.next(isolation: #isolation), call != .append(index: 0) {}
            for index in 1...9 {
                feed.yield(.text("\(index)"))
                while let call = await calls.next(isolation: #isolation), call != .append(index: index) {}
            }
            goOn.open()
            feed.finish()
            #expect(try await end.content == "0123456789")
            let deltas = shown.withLock { $0 }
            // What had not been shown when the reply ended is in the message that ends the following.
            #expect(deltas.map(\.index) == Array(0..<deltas.count))
            #expect("0123456789".hasPrefix(deltas.map(\.text).joined()))
        }
    }

    @Test("A subscriber that fell behind a reply that goes on is shown what it missed")
    func laggedAndGoingOn() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider, bus: InProcessEventBus(capacity: 2))
        try await house.run {
            let turn = try await house.ask()
            feed.yield(.text("0"))
            let (isBlocked, goOn, isLast) = (Latch(), Latch(), Latch())
            let shown = Mutex("")
            async let end = house.chat.follow(turn.reply.id, after: -1, as: .alice) { event in
                guard case .delta(let delta) = event.kind else { return }
                shown.withLock { $0 += delta.text }
                isBlocked.open()
                await goOn.wait()
                if delta.text == "9" { isLast.open() }
            }
            await isBlocked.wait()
            var calls = house.probe.calls.makeAsyncIterator()
            for index in 1...9 {
                feed.yield(.text("\(index)"))
                while let call = await calls.next(isolation: #isolation), call != .append(index: index) {}
            }
            goOn.open()
            await isLast.wait()
            #expect(shown.withLock { $0 } == "0123456789")
            feed.finish()
            #expect(try await end.status == .delivered)
        }
    }

    @Test("Invariant 3: shown means stored: no follower is told of a piece before it can be read")
    func shownMeansStored() async throws {
        let provider = ScriptedProvider { _, consume in
            var random = SplitMix64(seed: 7)
            for index in 0..<400 {
                try await consume(.text(String(repeating: "é\(index) ", count: Int(random.next() % 5) + 1)))
                if random.next() % 8 == 0 { try await ContinuousClock().sleep(for: .milliseconds(2)) }
            }
        }
        let clock = ManualClock()
        let memory = MemoryStore(clock: clock)
        let bus = ProbingBus(memory)
        let house = House(provider: provider, bus: bus, clock: clock, sharing: memory)
        try await house.run {
            let turn = try await house.ask()
            var shown = ""
            let reply = try await house.chat.follow(turn.reply.id, after: -1, as: .alice) { event in
                guard case .delta(let delta) = event.kind else { return }
                shown += delta.text
                let stored = try house.stored(turn.reply.id).content
                #expect(stored.utf8.starts(with: shown.utf8))
            }
            #expect(reply.content.utf8.starts(with: shown.utf8))
            #expect(bus.probed > 1)
            #expect(bus.uncommitted == [])
            let lie = ReplyDelta(messageID: reply.id, index: 9999, text: "never stored")
            await bus.publish([
                Event(
                    projectID: reply.projectID,
                    conversationID: reply.conversationID,
                    kind: .delta(lie),
                    timestamp: clock.now()
                )
            ])
            #expect(bus.uncommitted == [lie])
        }
    }

    @Test("An end that no event tells of is found by looking")
    func silentEnd() async throws {
        let stopwatch = TestClock()
        let house = House(provider: ScriptedProvider(saying: "x"), stopwatch: stopwatch)
        // A writer that publishes nothing, as one whose bus is cut off.
        let request = TurnRequest(message: .user("Hi"))
        let turn = try house.memory.beginTurn(request, expectedRevision: nil, as: .alice).value
        let lease = try #require(turn.lease)
        async let end = house.chat.waitForEnd(turn.reply.id, as: .alice)
        await stopwatch.sleepers(atLeast: 1)
        _ = try house.memory.appendPieces(["unheard"], at: 0, under: lease)
        _ = try house.memory.finishReply(ReplyOutcome(status: .delivered), under: lease)
        stopwatch.advance(by: Limits.replyLease)
        #expect(try await end.content == "unheard")
    }

    @Test("A reply that is deleted ends with that; one whose conversation is deleted is gone")
    func deletion() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider)
        try await house.run {
            let turn = try await house.ask()
            feed.yield(.text("a"))
            async let deleted = house.chat.follow(turn.reply.id, after: -1, as: .alice) { event in
                guard case .delta = event.kind else { return }
                _ = try await house.store.deleteMessage(
                    turn.reply.id,
                    in: turn.conversation.id,
                    expectedRevision: nil,
                    as: .alice
                )
                feed.yield(.text("b"))
            }
            #expect(try await deleted.status == .deleted)
            await house.registryIsEmpty()
            let next = try await house.ask("More", in: turn.conversation.id)
            async let gone = code { try await house.chat.waitForEnd(next.reply.id, as: .alice) }
            _ = try await house.store.deleteConversation(turn.conversation.id, expectedRevision: nil, as: .alice)
            #expect(await gone == .notFound)
            await #expect(code { try await house.chat.waitForEnd(next.reply.id, as: .alice) } == .notFound)
        }
    }

    @Test("Who loses access is shown nothing more")
    func accessLost() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let stopwatch = TestClock()
        let house = House(provider: provider, stopwatch: stopwatch)
        try await house.run {
            let project = try house.memory.createProject(NewProject(name: "Shared"), as: .alice).value
            _ = try house.memory.setMember(.person("bob"), role: .viewer, in: project.id, as: .alice)
            let request = TurnRequest(projectID: project.id, message: .user("Hi"))
            let turn = try await house.chat.begin(request, options: TurnOptions(), expectedRevision: nil, as: .alice)
                .value
            await #expect(code { try await house.chat.waitForEnd(turn.reply.id, as: .mallory) } == .notFound)
            await #expect(code { try await house.chat.stop(turn.reply.id, as: .bob) } == .forbidden)
            feed.yield(.text("before"))
            let shown = Mutex("")
            let isShown = Latch()
            async let end = code {
                try await house.chat.follow(turn.reply.id, after: -1, as: .bob) { event in
                    if case .delta(let delta) = event.kind { shown.withLock { $0 += delta.text } }
                    isShown.open()
                }
            }
            await isShown.wait()
            _ = try house.memory.removeMember(.person("bob"), from: project.id, as: .alice)
            stopwatch.advance(by: Limits.accessRecheck + .milliseconds(1))
            feed.yield(.text("after"))
            #expect(await end == .notFound)
            #expect(shown.withLock { $0 } == "before")
            feed.finish()
            #expect(try await house.chat.waitForEnd(turn.reply.id, as: .alice).content == "beforeafter")
        }
    }

    @Test("One who was removed just before the end is not shown it")
    func removedBeforeEnd() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        // Its time stands still, so that no look at the access is due.
        let house = House(provider: provider, stopwatch: TestClock())
        let project = try house.memory.createProject(NewProject(name: "Birds"), as: .alice).value
        _ = try house.memory.setMember(.person("bob"), role: .viewer, in: project.id, as: .alice)
        let conversation = try house.memory.createConversation(NewConversation(projectID: project.id), as: .alice).value
        try await house.run {
            let turn = try await house.ask(in: conversation.id)
            try await withThrowingTaskGroup(of: Void.self) { group in
                var followed = house.follow(turn.reply.id, as: .bob, in: &group)
                feed.yield(.text("before"))
                #expect(await followed.delta()?.text == "before")
                _ = try house.memory.removeMember(.person("bob"), from: project.id, as: .alice)
                feed.finish()
                #expect(await followed.rest().message == nil)
                await #expect(code { try await group.next() } == .notFound)
            }
        }
    }
}

/// A bus that looks into the store, at the moment of every piece it is given, whether the piece is committed.
private final class ProbingBus: EventBus {
    private let base = InProcessEventBus()
    private let memory: MemoryStore
    private let found = Mutex<(probed: Int, uncommitted: [ReplyDelta])>((0, []))

    init(_ memory: MemoryStore) {
        self.memory = memory
    }

    var probed: Int { found.withLock(\.probed) }
    var uncommitted: [ReplyDelta] { found.withLock(\.uncommitted) }

    func publish(_ events: [Event]) async {
        for case .delta(let delta) in events.map(\.kind) {
            let progress = try? memory.replyProgress(of: delta.messageID, after: delta.index - 1, as: .alice)
            let isCommitted = progress?.deltas.first == delta
            found.withLock { found in
                found.probed += 1
                if !isCommitted { found.uncommitted.append(delta) }
            }
        }
        await base.publish(events)
    }

    func announce(_ notice: AccessNotice) async { await base.announce(notice) }

    var hearsOthers: Bool { base.hearsOthers }

    func withSubscription<Result: Sendable>(
        to topic: EventTopic,
        _ body: (EventSubscription) async throws -> Result
    ) async throws -> Result {
        try await base.withSubscription(to: topic, body)
    }
}
