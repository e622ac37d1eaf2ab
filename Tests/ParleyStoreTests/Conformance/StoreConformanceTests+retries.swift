import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("A create sent again is answered with what the first made, as it is now", arguments: StoreFactory.all)
    func repeatedCreate(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let input = NewConversation(id: t.id(), title: "Birds", metadata: ["a": 1])
            let first = try await t.store.createConversation(input, as: .alice)
            #expect(!first.isReplay)
            #expect(first.changes.summary == ["created 1"])
            let changes = ConversationChanges(title: "Gulls")
            _ = try await t.store.updateConversation(first.value.id, changes, expectedRevision: nil, as: .alice)
            let again = try await t.store.createConversation(input, as: .alice)
            #expect(again.isReplay)
            #expect(again.changes.isEmpty)
            #expect(again.value.title == "Gulls")
            #expect(again.value.revision == 2)

            var other = input
            other.title = "Gulls"
            await expectError(.idempotencyConflict) { try await t.store.createConversation(other, as: .alice) }
            other = input
            other.projectID = try await t.sharedProject().id
            await expectError(.idempotencyConflict) { try await t.store.createConversation(other, as: .alice) }
        }
    }

    @Test("An id of something the caller can't see looks like an id of nothing", arguments: StoreFactory.all)
    func foreignID(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let conversation = NewConversation(id: t.id(), title: "Birds")
            _ = try await t.store.createConversation(conversation, as: .alice)
            await expectError(.notFound) { try await t.store.createConversation(conversation, as: .mallory) }
            let project = NewProject(id: t.id(), name: "Birds")
            _ = try await t.store.createProject(project, as: .alice)
            await expectError(.notFound) { try await t.store.createProject(project, as: .mallory) }
            let (source, _) = try await t.conversation(holding: ["one"], as: .mallory)
            await expectError(.notFound) {
                try await t.store.forkConversation(source, ForkRequest(seq: 1, id: conversation.id), as: .mallory)
            }
            // A message's id names something only within its conversation.
            let messageID: MessageID = t.id()
            let (own, _) = try await t.conversation(holding: [])
            _ = try await t.append([.user("hers", id: messageID)], to: own)
            let copy = try await t.append([.user("another's", id: messageID)], to: source, as: .mallory)
            #expect(!copy.isReplay)
            #expect(try await t.log(own).map(\.content) == ["hers"])
        }
    }

    @Test("A project, a fork and a message sent again are not made twice", arguments: StoreFactory.all)
    func repeatedOtherCreates(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = NewProject(id: t.id(), name: "Birds", persona: "ai_pm")
            let made = try await t.store.createProject(project, as: .alice)
            #expect(!made.isReplay)
            _ = try await t.store.updateProject(made.value.id, ProjectChanges(name: "Gulls"), as: .alice)
            let again = try await t.store.createProject(project, as: .alice)
            #expect(again.isReplay)
            #expect(again.value.name == "Gulls")
            let other = NewProject(id: project.id, name: "Birds")
            await expectError(.idempotencyConflict) { try await t.store.createProject(other, as: .alice) }
            let personal = try await t.store.personalProject(as: .alice)
            let same = NewProject(id: personal.id, name: personal.name)
            await expectError(.idempotencyConflict) { try await t.store.createProject(same, as: .alice) }

            let (source, _) = try await t.conversation(holding: ["one", "two"])
            let request = ForkRequest(seq: 2, id: t.id(), title: "Fork")
            let fork = try await t.store.forkConversation(source, request, as: .alice)
            #expect(!fork.isReplay)
            #expect(try await t.store.forkConversation(source, request, as: .alice).isReplay)
            let shorter = ForkRequest(seq: 1, id: request.id, title: "Fork")
            await expectError(.idempotencyConflict) {
                try await t.store.forkConversation(source, shorter, as: .alice)
            }
            let asCreate = NewConversation(id: request.id, title: "Fork")
            await expectError(.idempotencyConflict) { try await t.store.createConversation(asCreate, as: .alice) }
        }
    }

    @Test("An append sent again is answered with what is stored now, also after an edit", arguments: StoreFactory.all)
    func repeatedAppend(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let input = NewMessage(id: t.id(), role: .user, content: "pelican", metadata: ["a": [1, 2]])
            let id = try await t.conversation().id
            let first = try await t.append([input], to: id)
            #expect(first.changes.summary == ["appended 2"])
            _ = try await edit(first.value[0].id, in: id, MessageChanges(content: "heron", metadata: [:]), t)
            // Repetition comes before the comparison of revisions.
            let again = try await t.store.appendMessages([input], to: id, expectedRevision: 1, as: .alice)
            #expect(again.isReplay)
            #expect(again.changes.isEmpty)
            #expect(again.value.map(\.content) == ["heron"])
            #expect(again.value == [try await t.log(id)[0]])
            var other = input
            other.metadata = ["a": [2, 1]]
            await expectError(.idempotencyConflict) { try await t.append([other], to: id) }

            try await delete(first.value[0].id, in: id, t)
            let deleted = try await t.append([input], to: id)
            #expect(deleted.isReplay)
            #expect(deleted.value[0].status == .deleted)
            #expect(deleted.value[0].content.isEmpty)
        }
    }

    @Test("Of a batch sent again only what is missing is appended", arguments: StoreFactory.all)
    func partlyRepeatedAppend(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let id = try await t.conversation().id
            let inputs: [NewMessage] = ["a", "b", "c"].map { .user($0, id: t.id()) }
            let first = try await t.append([inputs[1]], to: id)
            let batch = try await t.append(inputs, to: id)
            #expect(!batch.isReplay)
            #expect(batch.changes.summary == ["appended 3", "appended 4"])
            #expect(batch.value.map(\.content) == ["a", "b", "c"])
            #expect(batch.value.map(\.seq) == [2, 1, 3])
            #expect(batch.value[1] == first.value[0])
            await expectError(.stale) {
                let more = inputs + [.user("d")]
                return try await t.store.appendMessages(more, to: id, expectedRevision: 3, as: .alice)
            }
            #expect(try await t.append(inputs, to: id).isReplay)
            #expect(try await t.state(of: id).messageCount == 3)
        }
    }
}
