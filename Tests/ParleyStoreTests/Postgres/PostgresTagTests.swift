import LibPQ
import ParleyCore
import ParleyPostgres
import ParleyTesting
import Testing

@Suite("PostgreSQL: the tag of a log")
struct PostgresTagTests {
    /// A call, and whether it takes a revision.
    private struct Call {
        let name: String
        let takesRevision: Bool
        let make: () async throws -> Void

        init(_ name: String, _ takesRevision: Bool, _ make: @escaping () async throws -> Void) {
            self.name = name
            self.takesRevision = takesRevision
            self.make = make
        }
    }

    @Test("Whatever takes a revision changes the tag, and nothing else does")
    func everyCall() async throws {
        try await withPostgres { store, t, database in
            let project = try await t.sharedProject()
            let (id, messages) = try await t.conversation(holding: ["one", "two", "three"], in: project.id)
            let other = try await t.conversation(in: project.id).id
            let untitled = try await t.conversation(in: project.id).id
            let (turn, _, answer) = try await t.turn("What is it?", answer: ["It ", "is."], in: id)
            let titled = ConversationChanges(title: "Given", metadata: ["a": 1])
            let edit = MessageChanges(content: "one, edited")
            let known = NewMessage.user("known", id: t.id())
            let question = NewMessage.user("again", id: t.id())
            let message = ImportedMessage(id: t.id(), input: .user("old"), createdAt: t.clock.now())
            let old = ImportedConversation(id: id, title: "Old", createdAt: message.createdAt, messages: [message])
            var leases: [ReplyLease] = []
            let calls = [
                Call("append", true) { _ = try await t.append([known, .assistant("b")], to: id) },
                Call("append again", false) { _ = try await t.append([known], to: id) },
                Call("append partly again", true) { _ = try await t.append([known, .user("c")], to: id) },
                Call("edit", true) { try await store.edit(messages[0].id, in: id, edit) },
                Call("edit again", false) { try await store.edit(messages[0].id, in: id, edit) },
                Call("react", true) { try await store.react("👍", true, to: messages[0].id, in: id) },
                Call("react again", false) { try await store.react("👍", true, to: messages[0].id, in: id) },
                Call("take back", true) { try await store.react("👍", false, to: messages[0].id, in: id) },
                Call("delete message", true) { try await store.delete(messages[1].id, in: id) },
                Call("delete message again", false) { try await store.delete(messages[1].id, in: id) },
                Call("regenerate", true) {
                    let turn = try await store.beginRegeneration(of: answer.id, expectedRevision: nil, as: .alice).value
                    leases.append(try turn.requireLease())
                },
                Call("pieces", false) { _ = try await store.appendPieces(["x", "y"], at: 0, under: leases[0]) },
                Call("renew", false) { _ = try await store.renew(leases[0]) },
                Call("stop", false) { _ = try await store.requestStop(of: answer.id, as: .alice) },
                Call("finish", true) {
                    _ = try await store.finishReply(ReplyOutcome(status: .delivered), under: leases[0])
                },
                Call("turn", true) {
                    let request = TurnRequest(conversationID: id, message: question)
                    leases.append(
                        try await store.beginTurn(request, expectedRevision: nil, as: .alice).value.requireLease()
                    )
                },
                Call("turn again", false) {
                    let request = TurnRequest(conversationID: id, message: question)
                    _ = try await store.beginTurn(request, expectedRevision: nil, as: .alice)
                },
                Call("interrupt", true) {
                    t.clock.advance(by: Limits.replyLease + .seconds(1))
                    _ = try await store.interruptAbandonedReplies()
                },
                Call("interrupt again", false) { _ = try await store.interruptAbandonedReplies() },
                Call("titling turn", true) { _ = try await t.begin("A title", in: untitled) },
                Call("improve title", true) { _ = try await store.improveTitle("Better", of: other, as: .alice) },
                Call("improve title again", false) {
                    _ = try await store.improveTitle("Better", of: other, as: .alice)
                },
                Call("update", true) { try await store.update(id, titled) },
                Call("update again", false) { try await store.update(id, titled) },
                Call("improve a given title", false) { _ = try await store.improveTitle("No", of: id, as: .alice) },
                Call("give the same title", false) {
                    try await store.update(other, ConversationChanges(title: "Better"))
                },
                Call("move", true) {
                    let target = try await store.personalProject(as: .alice).id
                    try await store.update(other, ConversationChanges(projectID: target))
                },
                Call("draft", false) { _ = try await store.setDraft("typed", in: id, as: .alice) },
                Call("read mark", false) { _ = try await store.setReadMark(1, in: id, as: .alice) },
                Call("fork", false) { _ = try await store.forkConversation(id, ForkRequest(seq: 2), as: .alice) },
                Call("import", true) { _ = try await store.importConversation(old, as: .alice) },
                Call("import again", false) { _ = try await store.importConversation(old, as: .alice) },
                Call("another conversation", false) { _ = try await t.begin("hello") },
                Call("rename the project", false) {
                    _ = try await store.updateProject(project.id, ProjectChanges(name: "Other"), as: .alice)
                },
                Call("refused", false) {
                    await expectError(.forbidden) { try await t.append([.user("no")], to: id, as: .carol) }
                    await expectError(.stale) {
                        try await store.deleteConversation(id, expectedRevision: 1, as: .alice)
                    }
                },
            ]
            #expect(turn.lease != nil)
            for call in calls {
                let before = try await versions(in: database)
                try await call.make()
                let after = try await versions(in: database)
                var taken = 0
                for (id, version) in before {
                    let now = try #require(after[id])
                    #expect((now.tag != version.tag) == (now.revision != version.revision), "\(call.name)")
                    if now.revision != version.revision { taken += 1 }
                }
                #expect(taken == (call.takesRevision ? 1 : 0), "\(call.name)")
                #expect(Set(after.values.map(\.tag)).count == after.count, "\(call.name)")
            }
        }
    }

    @Test("The steps of appends lead from tag to tag, to the one that the conversation has now")
    func steps() async throws {
        try await withPostgres { store, t, database in
            let id = try await t.conversation().id
            func tag() async throws -> Int64? {
                try await versions(in: database)[PostgresUUID(high: id.high, low: id.low)]?.tag
            }
            let known = NewMessage.user("known", id: t.id())
            var last = try await tag()
            for messages in [[known], [.user("a"), known, .assistant("b"), .user("c")]] {
                let commit = try await t.append(messages, to: id)
                #expect(commit.steps.count == commit.changes.count)
                for step in commit.steps {
                    #expect(step.before.bits == last.map { UInt64(bitPattern: $0) })
                    last = Int64(bitPattern: step.after.bits)
                }
                #expect(try await tag() == last)
            }
            #expect(try await t.append([known], to: id).steps.isEmpty)
            let turn = try await t.begin("Go on", in: id)
            #expect(turn.steps.count == 2)
            #expect(turn.steps.first?.before.bits == last.map { UInt64(bitPattern: $0) })
            #expect(turn.steps.first?.after == turn.steps.last?.before)
            #expect(try await tag() == turn.steps.last.map { Int64(bitPattern: $0.after.bits) })
        }
    }

    private func versions(in database: String) async throws -> [PostgresUUID: (revision: Int, tag: Int64)] {
        let rows = try await TestDatabases.shared().query(
            "SELECT id, revision, tag FROM conversation",
            [],
            in: database
        )
        return try rows.reduce(into: [:]) { versions, row in
            versions[try row.decode(0)] = (try row.decode(1), try row.decode(2))
        }
    }
}

extension PostgresStore {
    fileprivate func edit(_ id: MessageID, in conversation: ConversationID, _ changes: MessageChanges) async throws {
        _ = try await editMessage(id, in: conversation, changes, expectedRevision: nil, as: .alice)
    }

    fileprivate func react(
        _ emoji: String,
        _ present: Bool,
        to id: MessageID,
        in conversation: ConversationID
    ) async throws {
        _ = try await setReaction(
            emoji,
            present: present,
            on: id,
            in: conversation,
            expectedRevision: nil,
            as: .alice
        )
    }

    fileprivate func delete(_ id: MessageID, in conversation: ConversationID) async throws {
        _ = try await deleteMessage(id, in: conversation, expectedRevision: nil, as: .alice)
    }

    fileprivate func update(_ id: ConversationID, _ changes: ConversationChanges) async throws {
        _ = try await updateConversation(id, changes, expectedRevision: nil, as: .alice)
    }
}
