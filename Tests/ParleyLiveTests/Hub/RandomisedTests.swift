import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyLive

/// Writers write all the while, and clients come, catch up, stay and go.
@Suite("Clients are in step, whatever happens", .timeLimit(.minutes(10)))
struct RandomisedTests {
    private struct Client {
        let tab: Tab
        let conversation: ConversationID
        /// What it had before it came.
        let known: ChangePage?
    }

    @Test(
        "Told in order, once, without a gap; and what was told is what is stored",
        arguments: 1...4 as ClosedRange<UInt64>,
        GroupKind.allCases
    )
    func inStep(seed: UInt64, kind: GroupKind) async throws {
        let house = House(kind, wrap: { UnevenStore($0, seed: seed) })
        try await house.run { try await play(house, in: kind.make(), seed: seed, losesEvents: false) }
    }

    @Test(
        "Where events are lost, what is told goes on in order, and all is found in the end",
        arguments: 11...14 as ClosedRange<UInt64>,
        GroupKind.allCases
    )
    func losses(seed: UInt64, kind: GroupKind) async throws {
        let house = House(kind, wrap: { UnevenStore($0, seed: seed) })
        let random = UnevenStore.Source(seed: seed)
        house.bus.lose { event in
            guard case .change = event.kind else { return false }
            return random.next(6) == 0
        }
        try await house.run { try await play(house, in: kind.make(), seed: seed, losesEvents: true) }
    }

    private func play(
        _ house: House,
        in group: any LiveOutletGroup,
        seed: UInt64,
        losesEvents: Bool
    ) async throws {
        let (project, first) = try await house.project(with: [.bob, .carol])
        let input = NewConversation(projectID: project)
        let second = try await house.store.createConversation(input, as: .bob).value.id
        // Somebody is there from the beginning: what nobody looks at is missing, and would have to be read.
        var clients: [Client] = []
        for conversation in [first, second] {
            let tab = try house.connect(.carol, in: group)
            tab.subscribes(to: conversation, since: 0)
            await tab.waits(for: "subscribed")
            clients.append(Client(tab: tab, conversation: conversation, known: nil))
        }
        clients += try await withThrowingTaskGroup(of: [Client].self) { tasks in
            for writer in 0..<4 {
                tasks.addTask {
                    var random = SplitMix64(seed: seed &* 100 &+ UInt64(writer))
                    for _ in 0..<20 {
                        let conversation = random.oneIn(3) ? second : first
                        try await write(in: conversation, house.store, &random)
                        // What is missing is read after a while.
                        if losesEvents { house.stopwatch.advance(by: Limits.eventPatience) }
                    }
                    return []
                }
            }
            for reader in 0..<4 {
                tasks.addTask {
                    var random = SplitMix64(seed: seed &* 100 &+ 50 &+ UInt64(reader))
                    return try await follow([first, second], house, in: group, &random)
                }
            }
            return try await tasks.reduce(into: []) { $0 += $1 }
        }
        for client in clients { try await check(client, house, losesEvents: losesEvents) }
    }

    /// Does one of the things that can be done to a conversation.
    private func write(
        in conversation: ConversationID,
        _ store: PublishingStore,
        _ random: inout SplitMix64
    ) async throws {
        let page = try await store.messages(in: conversation, .newest, limit: 20, as: .alice)
        let ended = page.messages.filter { $0.status != .streaming && $0.status != .deleted }
        let person = random.pick([Identity.alice, .bob])
        do {
            switch random.place(in: 10) {
            case 0...3:
                let messages = (0...random.place(in: 3)).map { NewMessage.user("Line \($0)") }
                _ = try await store.appendMessages(messages, to: conversation, expectedRevision: nil, as: person)
            case 4 where !ended.isEmpty:
                let changes = MessageChanges(content: "Better \(random.place(in: 1000))")
                let id = random.pick(ended).id
                _ = try await store.editMessage(id, in: conversation, changes, expectedRevision: nil, as: person)
            case 5 where !ended.isEmpty:
                _ = try await store.setReaction(
                    random.pick(["👍", "🎉"]),
                    present: !random.oneIn(3),
                    on: random.pick(ended).id,
                    in: conversation,
                    expectedRevision: nil,
                    as: person
                )
            case 6 where !ended.isEmpty:
                let id = random.pick(ended).id
                _ = try await store.deleteMessage(id, in: conversation, expectedRevision: nil, as: person)
            case 7:
                let changes = ConversationChanges(title: "Title \(random.place(in: 1000))")
                _ = try await store.updateConversation(conversation, changes, expectedRevision: nil, as: person)
            case 8 where !ended.isEmpty:
                let id = random.pick(ended).id
                let turn = try await store.beginRegeneration(of: id, expectedRevision: nil, as: person).value
                try await speak(turn, store, &random)
            default:
                let request = TurnRequest(conversationID: conversation, message: .user("Well?"))
                let turn = try await store.beginTurn(request, expectedRevision: nil, as: person).value
                try await speak(turn, store, &random)
            }
        } catch let error as ParleyError {
            // Another was there before: one reply at a time, and what is gone is gone.
            let expected: [ParleyError.Code] = [.replyInProgress, .invalidRequest, .forbidden, .notFound, .conflict]
            guard expected.contains(error.code) else { throw error }
        }
    }

    private func speak(_ turn: Turn, _ store: PublishingStore, _ random: inout SplitMix64) async throws {
        guard let lease = turn.lease else { return }
        var next = 0
        for _ in 0..<random.place(in: 6) {
            let pieces = (0...random.place(in: 3)).map { "p\(next + $0) " }
            _ = try await store.appendPieces(pieces, at: next, under: lease)
            next += pieces.count
            for _ in 0..<random.place(in: 10) { await Task.yield() }
        }
        _ = try await store.finishReply(ReplyOutcome(status: .delivered), under: lease)
    }

    /// Comes a few times, catches up from somewhere, and stays or goes.
    private func follow(
        _ conversations: [ConversationID],
        _ house: House,
        in group: any LiveOutletGroup,
        _ random: inout SplitMix64
    ) async throws -> [Client] {
        var clients: [Client] = []
        for _ in 0..<4 {
            for _ in 0..<random.place(in: 200) { await Task.yield() }
            let conversation = random.pick(conversations)
            let person = random.pick([Identity.alice, .bob, .carol])
            let tab = try house.connect(person, in: group)
            if !random.oneIn(3) { await tab.waits(for: "ready") }
            let known: ChangePage? =
                if random.oneIn(3) { nil } else {
                    try await house.store.changes(in: conversation, since: 0, limit: 1000, as: person)
                }
            for _ in 0..<random.place(in: 100) { await Task.yield() }
            tab.subscribes(to: conversation, since: known?.revision ?? 0)
            if random.oneIn(4) {
                tab.session.ended()
            } else {
                clients.append(Client(tab: tab, conversation: conversation, known: known))
            }
        }
        return clients
    }

    private func check(_ client: Client, _ house: House, losesEvents: Bool) async throws {
        let stored = try await house.store.conversation(client.conversation, newestMessages: 1000, as: .alice)
        // The frames are read back once, at the end: that takes longer than all the rest.
        let target = stored.conversation.revision
        let isUpToDate = { @Sendable (told: Tab.Told) in
            guard let subscribed = told.frames.first(where: { $0.type == "subscribed" }) else { return false }
            let last = told.revisions(of: client.conversation).max() ?? 0
            return max(last, subscribed.object?["revision"]?.intValue ?? 0) >= target
        }
        while losesEvents, !isUpToDate(client.tab.told) {
            await house.advance(by: .seconds(1))
            for _ in 0..<50 { await Task.yield() }
        }
        await client.tab.waits(until: isUpToDate)
        await client.tab.fence()
        let folded = Folded(
            client.tab.told.frames,
            into: client.known,
            of: client.conversation,
            hasFillings: losesEvents
        )
        #expect(folded.flaws == [])
        #expect(client.tab.told.closings == [])
        #expect(folded.messages.count == stored.page.messages.count)
        for message in stored.page.messages {
            let known = folded.messages[message.id]
            #expect(known?.revision == message.revision)
            #expect(known?.content == message.content)
            #expect(known?.status == message.status)
            #expect(known?.reactions == message.reactions)
        }
    }
}
