import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@Suite("PublishingStore")
struct PublishingStoreTests {
    /// Keeps what is published, and looks at each time whether a store has committed it.
    final class RecordingBus: EventBus {
        private let published = Mutex<[Signal]>([])
        private let onPublish: @Sendable ([Event]) async -> Void

        init(onPublish: @escaping @Sendable ([Event]) async -> Void = { _ in }) {
            self.onPublish = onPublish
        }

        /// All that was published and announced, in its order.
        var signals: [Signal] { published.withLock { $0 } }

        var events: [Event] {
            signals.compactMap { if case .event(let event) = $0 { event } else { nil } }
        }

        var notices: [AccessNotice] {
            signals.compactMap { if case .access(let notice) = $0 { notice } else { nil } }
        }

        func publish(_ events: [Event]) async {
            await onPublish(events)
            published.withLock { $0 += events.map { .event($0) } }
        }

        func announce(_ notice: AccessNotice) async {
            published.withLock { $0.append(.access(notice)) }
        }

        var hearsOthers: Bool { true }

        func withSubscription<Result: Sendable>(
            to topic: EventTopic,
            _ body: (EventSubscription) async throws -> Result
        ) async throws -> Result {
            try await body(EventSubscription { nil })
        }
    }

    /// A published store over memory, and the means to look behind it.
    private func withStore(
        _ body: (StoreUnderTest, RecordingBus) async throws -> Void
    ) async throws {
        let clock = ManualClock(tick: .milliseconds(1))
        let memory = MemoryStore(clock: clock, ids: SequentialIDs(series: 1))
        let bus = RecordingBus()
        let store = PublishingStore(memory, bus: bus, clock: clock)
        let product = StoreFactory.Product(store: store, accounts: memory, queryLog: memory) {}
        try await body(StoreUnderTest(product, clock: clock), bus)
    }

    @Test("Every committed change is published, in order, once")
    func everyChange() async throws {
        try await withStore { t, bus in
            var expected: [Change] = []
            let project = try await t.sharedProject()
            let input = NewConversation(projectID: project.id)
            let created = try await t.store.createConversation(input, as: .alice)
            expected += created.changes
            let id = created.value.id
            let appended = try await t.append([.user("a"), .assistant("b")], to: id)
            expected += appended.changes
            let suite = StoreConformanceTests()
            let message = appended.value[0].id
            expected += try await suite.edit(message, in: id, MessageChanges(content: "A"), t).changes
            expected += try await suite.react("👍", true, on: message, in: id, t).changes
            expected += try await suite.delete(message, in: id, t).changes
            let titled = ConversationChanges(title: "Title")
            expected += try await t.store.updateConversation(id, titled, expectedRevision: nil, as: .bob).changes
            let fork = try await t.store.forkConversation(id, ForkRequest(seq: 2), as: .bob)
            expected += fork.changes
            let turn = try await t.begin("c", in: id)
            expected += turn.changes
            expected += try await t.store.finishReply(
                ReplyOutcome(status: .delivered),
                under: try turn.value.requireLease()
            ).changes
            let again = try await t.store.beginRegeneration(of: turn.value.reply.id, expectedRevision: nil, as: .alice)
            expected += again.changes
            t.clock.advance(by: Limits.replyLease)
            expected += try await t.store.interruptAbandonedReplies().changes
            expected += try await t.store.deleteConversation(id, expectedRevision: nil, as: .alice).changes
            expected += try await t.store.deleteProject(project.id, as: .alice).changes
            #expect(expected.count == 15)
            #expect(bus.events == expected.map { Event($0) })
            #expect(bus.events.allSatisfy { $0.projectID == project.id })
        }
    }

    @Test("What fails, repeats or changes nothing is not published")
    func nothingCommitted() async throws {
        try await withStore { t, bus in
            let id = try await t.conversation().id
            let message = NewMessage.user("a", id: t.id())
            _ = try await t.append([message], to: id)
            let turn = try await t.begin("b", in: id, id: t.id()).value
            let published = bus.events.count
            _ = try await t.append([message], to: id)
            _ = try await t.begin("b", in: id, id: turn.userMessage.id)
            await expectError(.idempotencyConflict) { try await t.append([.user("x", id: message.id)], to: id) }
            await expectError(.notFound) { try await t.say(["x"], in: id, as: .mallory) }
            await expectError(.stale) {
                try await t.store.appendMessages([.user("x")], to: id, expectedRevision: 1, as: .alice)
            }
            await expectError(.replyInProgress) { try await t.begin("x", in: id) }
            let same = ConversationChanges(isPinned: false)
            _ = try await t.store.updateConversation(id, same, expectedRevision: nil, as: .alice)
            _ = try await t.store.setDraft("draft", in: id, as: .alice)
            _ = try await t.store.requestStop(of: turn.reply.id, as: .alice)
            _ = try await t.store.renew(try turn.requireLease())
            _ = try await t.store.interruptAbandonedReplies()
            _ = try await t.store.appendPieces([], at: 0, under: try turn.requireLease())
            _ = try await t.store.createProject(NewProject(name: "x"), as: .alice)
            #expect(bus.events.count == published)
        }
    }

    @Test("Invariant 3: shown means stored: an event's message can be read when it is published")
    func storedBeforeShown() async throws {
        let clock = ManualClock()
        let memory = MemoryStore(clock: clock, ids: SequentialIDs(series: 1))
        let bus = RecordingBus { events in
            for event in events {
                switch event.kind {
                case .delta(let delta):
                    let stored = try? memory.replyProgress(
                        of: delta.messageID,
                        after: delta.index - 1,
                        as: .alice
                    )
                    // An error shows as a delta that is not there.
                    #expect(stored?.deltas.first == delta)
                case .change(.messageAppended(let message)), .change(.messageUpdated(let message)):
                    let stored = try? memory.replyProgress(of: message.id, after: -1, as: .alice)
                    #expect(stored?.message == message)
                case .change, .typing, .movedAway: break
                }
            }
        }
        let store = PublishingStore(memory, bus: bus, clock: clock)
        let product = StoreFactory.Product(store: store, accounts: memory, queryLog: memory) {}
        let t = StoreUnderTest(product, clock: clock)
        let turn = try await t.turn("question", answer: ["an ", "answer"])
        let deltas = bus.events.compactMap { event in
            if case .delta(let delta) = event.kind { delta } else { nil }
        }
        let id = turn.reply.id
        #expect(
            deltas == [
                ReplyDelta(messageID: id, index: 0, text: "an "), ReplyDelta(messageID: id, index: 1, text: "answer"),
            ]
        )
        #expect(bus.events.count == 6)
        #expect(bus.events.allSatisfy { $0.conversationID == turn.turn.conversation.id })
        #expect(bus.events.allSatisfy { $0.projectID == turn.turn.conversation.projectID })
    }

    @Test("A writer that came too late shows nothing")
    func lateWriter() async throws {
        try await withStore { t, bus in
            let turn = try await t.turn("question", answer: ["answer"])
            let published = bus.events.count
            await expectError(.notFound) { try await t.store.appendPieces(["late"], at: 1, under: turn.lease) }
            #expect(bus.events.count == published)
        }
    }
}
