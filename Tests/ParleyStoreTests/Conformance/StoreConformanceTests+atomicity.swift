import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("A batch with one bad item writes nothing", arguments: StoreFactory.all)
    func batchIsAtomic(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let taken: MessageID = t.id()
            let (id, _) = try await t.conversation(holding: [])
            _ = try await t.append([.user("first", id: taken)], to: id)
            let before = try await t.state(of: id)
            let batch: [NewMessage] = [.user("pelican"), .user("other than first", id: taken), .user("heron")]
            await expectError(.idempotencyConflict) { try await t.append(batch, to: id) }
            #expect(try await t.state(of: id) == before)
            #expect(try await t.log(id).map(\.content) == ["first"])
            #expect(try await t.search("pelican").isEmpty)
        }
    }

    /// A write to Alice's conversation at a revision it may no longer have.
    struct RevisedWrite: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let run: @Sendable (StoreUnderTest, ConversationID, [Message], Int?) async throws -> Void

        static let all: [RevisedWrite] = [
            RevisedWrite(testDescription: "appendMessages") { t, id, _, revision in
                _ = try await t.store.appendMessages([.user("x")], to: id, expectedRevision: revision, as: .alice)
            },
            RevisedWrite(testDescription: "editMessage") { t, id, messages, revision in
                let changes = MessageChanges(content: "x")
                _ = try await t.store.editMessage(
                    messages[0].id,
                    in: id,
                    changes,
                    expectedRevision: revision,
                    as: .alice
                )
            },
            RevisedWrite(testDescription: "deleteMessage") { t, id, messages, revision in
                _ = try await t.store.deleteMessage(messages[0].id, in: id, expectedRevision: revision, as: .alice)
            },
            RevisedWrite(testDescription: "setReaction") { t, id, messages, revision in
                _ = try await t.store.setReaction(
                    "👍",
                    present: true,
                    on: messages[0].id,
                    in: id,
                    expectedRevision: revision,
                    as: .alice
                )
            },
            RevisedWrite(testDescription: "updateConversation") { t, id, _, revision in
                let changes = ConversationChanges(title: "x")
                _ = try await t.store.updateConversation(id, changes, expectedRevision: revision, as: .alice)
            },
            RevisedWrite(testDescription: "deleteConversation") { t, id, _, revision in
                _ = try await t.store.deleteConversation(id, expectedRevision: revision, as: .alice)
            },
            RevisedWrite(testDescription: "beginTurn") { t, id, _, revision in
                let request = TurnRequest(conversationID: id, message: .user("x"))
                _ = try await t.store.beginTurn(request, expectedRevision: revision, as: .alice)
            },
            RevisedWrite(testDescription: "beginRegeneration") { t, _, messages, revision in
                _ = try await t.store.beginRegeneration(of: messages[1].id, expectedRevision: revision, as: .alice)
            },
        ]
    }

    @Test(
        "A write at another revision than the present is stale and writes nothing; at the present one it is made",
        arguments: StoreFactory.all,
        RevisedWrite.all
    )
    func staleWritesNothing(_ factory: StoreFactory, _ write: RevisedWrite) async throws {
        try await factory.withStore { t in
            let (id, _) = try await t.conversation(holding: [])
            let messages = try await t.append([.user("question"), .assistant("answer")], to: id).value
            let before = try await t.state(of: id)
            for revision in [before.revision - 1, before.revision + 1] {
                let error = await expectError(.stale) { try await write.run(t, id, messages, revision) }
                #expect(error?.revision == before.revision)
            }
            #expect(try await t.state(of: id) == before)
            #expect(try await t.log(id) == messages)
            try await write.run(t, id, messages, before.revision)
        }
    }

    @Test("A turn that can't begin writes nothing and keeps the draft", arguments: StoreFactory.all)
    func refusedTurnWritesNothing(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("first").value
            let id = turn.conversation.id
            _ = try await t.store.setDraft("half a thought", in: id, as: .alice)
            await expectError(.replyInProgress) { try await t.begin("second", in: id) }
            #expect(try await t.log(id).map(\.content) == ["first", ""])
            #expect(try await t.state(of: id).revision == turn.conversation.revision)
            #expect(try await t.store.draft(in: id, as: .alice)?.text == "half a thought")
        }
    }

    @Test("A write that changes nothing takes no revision", arguments: StoreFactory.all)
    func nothingChangedNothingWritten(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let input = NewConversation(title: "Birds", description: "of the coast", metadata: ["a": 1])
            let id = try await t.store.createConversation(input, as: .alice).value.id
            let message = NewMessage(role: .user, content: "pelican", metadata: ["b": 2])
            let messages = try await t.append([message, .user("heron")], to: id).value
            _ = try await react("👍", true, on: messages[0].id, in: id, t)
            _ = try await delete(messages[1].id, in: id, t)
            let before = try await t.state(of: id)

            let same = ConversationChanges(
                title: "Birds",
                description: "of the coast",
                status: .active,
                isPinned: false,
                metadata: ["a": 1],
                projectID: before.projectID
            )
            let update = try await t.store.updateConversation(id, same, expectedRevision: nil, as: .alice)
            #expect(update.changes.isEmpty)
            let empty = ConversationChanges()
            #expect(try await t.store.updateConversation(id, empty, expectedRevision: nil, as: .alice).changes.isEmpty)
            let edit = MessageChanges(content: "pelican", metadata: ["b": 2])
            #expect(try await self.edit(messages[0].id, in: id, edit, t).changes.isEmpty)
            #expect(try await react("👍", true, on: messages[0].id, in: id, t).changes.isEmpty)
            #expect(try await react("🎉", false, on: messages[0].id, in: id, t).changes.isEmpty)
            #expect(try await delete(messages[1].id, in: id, t).changes.isEmpty)

            #expect(try await t.state(of: id) == before)
            #expect(try await t.store.versions(of: messages[0].id, in: id, as: .alice).isEmpty)
        }
    }

    @Test("A text that differs in its Unicode form only is another text", arguments: StoreFactory.all)
    func textIsComparedByBytes(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: ["caf\u{E9}"])
            let commit = try await edit(messages[0].id, in: id, MessageChanges(content: "cafe\u{301}"), t)
            #expect(commit.changes.count == 1)
            #expect(try await t.log(id)[0].content.bytes == "cafe\u{301}".bytes)
        }
    }
}

// MARK: Writes as Alice, at any revision

extension StoreConformanceTests {
    func edit(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        _ t: StoreUnderTest,
        as identity: Identity = .alice
    ) async throws -> Commit<Message> {
        try await t.store.editMessage(id, in: conversation, changes, expectedRevision: nil, as: identity)
    }

    @discardableResult
    func delete(
        _ id: MessageID,
        in conversation: ConversationID,
        _ t: StoreUnderTest
    ) async throws -> Commit<Message> {
        try await t.store.deleteMessage(id, in: conversation, expectedRevision: nil, as: .alice)
    }

    @discardableResult
    func react(
        _ emoji: String,
        _ present: Bool,
        on id: MessageID,
        in conversation: ConversationID,
        _ t: StoreUnderTest,
        as identity: Identity = .alice
    ) async throws -> Commit<Message> {
        try await t.store.setReaction(
            emoji,
            present: present,
            on: id,
            in: conversation,
            expectedRevision: nil,
            as: identity
        )
    }
}
