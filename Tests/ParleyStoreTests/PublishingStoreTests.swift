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
        let product = StoreFactory.Product(store: store, accounts: memory, queryLog: memory, usage: memory) {}
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

    @Test("Who may see more or less is told behind the changes that go before, once")
    func notices() async throws {
        try await withStore { t, bus in
            let alice = Identity.alice.email
            let bob = Identity.bob.email
            let input = NewProject(id: t.id(), name: "Birds")
            let project = try await t.store.createProject(input, as: .alice).value.id
            _ = try await t.store.createProject(input, as: .alice)
            _ = try await t.store.setMember(bob, role: .viewer, in: project, as: .alice)
            _ = try await t.store.setMember(bob, role: .editor, in: project, as: .alice)
            await expectError(.notFound) { try await t.store.removeMember(alice, from: project, as: .mallory) }
            _ = try await t.store.removeMember(bob, from: project, as: .bob)
            let first = try await t.conversation(in: project).id
            let second = try await t.conversation(in: project).id
            let told: [AccessNotice] = [
                .memberJoined(alice, project), .memberJoined(bob, project), .memberLeft(bob, project),
            ]
            #expect(bus.notices == told)
            let before = bus.signals.count
            _ = try await t.store.deleteProject(project, as: .alice)
            let signals = bus.signals.dropFirst(before)
            let deleted = signals.dropLast().compactMap { signal -> ConversationID? in
                guard case .event(let event) = signal, case .change(.conversationDeleted) = event.kind else {
                    return nil
                }
                return event.conversationID
            }
            #expect(Set(deleted) == [first, second])
            #expect(signals.count == 3 && signals.last == .access(.projectDeleted(project)))
            // The personal project, made on first sight, is nobody else's.
            _ = try await t.store.personalProject(as: .carol)
            #expect(bus.notices.count == 4)
        }
    }

    @Test("The project that a conversation has left is told, and only of a move")
    func moves() async throws {
        try await withStore { t, bus in
            let from = try await t.sharedProject().id
            let to = try await t.store.createProject(NewProject(name: "Away"), as: .alice).value.id
            let id = try await t.conversation(in: from).id
            let before = bus.events.count
            let changes = ConversationChanges(title: "Moved", projectID: to)
            let moved = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice).value
            let move = Event(
                projectID: from,
                conversationID: id,
                kind: .movedAway(revision: 2),
                timestamp: moved.updatedAt
            )
            #expect(Array(bus.events.dropFirst(before)) == [Event(.conversationUpdated(moved)), move])
            let again = ConversationChanges(title: "Stays", projectID: to)
            let stayed = try await t.store.updateConversation(id, again, expectedRevision: nil, as: .alice).value
            #expect(Array(bus.events.dropFirst(before + 2)) == [Event(.conversationUpdated(stayed))])
            _ = try await t.store.updateConversation(id, again, expectedRevision: nil, as: .alice)
            #expect(bus.events.count == before + 3)
        }
    }

    @Test("A sign-in that ended is told to whose it was, a new password to all of theirs")
    func signOut() async throws {
        let clock = ManualClock()
        let memory = MemoryStore(clock: clock)
        let bus = RecordingBus()
        let accounts: any AccountStore = PublishingAccountStore(memory, bus: bus)
        let email = Identity.alice.email
        let account = Account(
            email: email,
            name: "Alice",
            department: nil,
            passwordHash: "$scrypt$",
            createdAt: .example
        )
        try await accounts.createAccount(account)
        #expect(try await accounts.account(email) == account)
        func session(_ number: UInt8) -> LoginSession {
            LoginSession(
                tokenHash: (0..<32).map { number + $0 },
                email: email,
                createdAt: .example,
                expiresAt: clock.now() + .seconds(60)
            )
        }
        for number in UInt8(1)...2 { try await accounts.createLoginSession(session(number)) }
        try await accounts.extendLoginSession(session(1).tokenHash, until: clock.now() + .seconds(90))
        #expect(try await accounts.loginSession(session(1).tokenHash)?.session.expiresAt == clock.now() + .seconds(90))
        #expect(bus.notices.isEmpty)
        #expect(try await accounts.deleteLoginSession(session(1).tokenHash) == email)
        #expect(try await accounts.deleteLoginSession(session(1).tokenHash) == nil)
        // The first 16 of the hash's 32 bytes: 1, 2, 3, …
        let key = try #require(LoginKey("01020304-0506-0708-090a-0b0c0d0e0f10"))
        #expect(session(1).key == key)
        #expect(bus.notices == [.signedOut(email, key)])
        try await accounts.setPasswordHash("$new", of: email)
        #expect(bus.notices == [.signedOut(email, key), .signedOut(email, nil)])
        #expect(try await accounts.loginSession(session(2).tokenHash) == nil)
        await expectError(.notFound) { try await accounts.setPasswordHash("$new", of: Identity.bob.email) }
        #expect(bus.notices.count == 2)
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
        let product = StoreFactory.Product(store: store, accounts: memory, queryLog: memory, usage: memory) {}
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
