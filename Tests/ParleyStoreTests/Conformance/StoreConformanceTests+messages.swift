import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("A message comes back as it went in, with its place in the log", arguments: StoreFactory.all)
    func appended(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let conversation = try await t.conversation()
            let input = NewMessage(
                id: t.id(),
                role: .assistant,
                content: "A pelican.",
                parts: [["type": "text", "text": "A pelican."], ["type": "later", "n": 1]],
                metadata: ["source": "field guide"],
                contexts: [["title": "Birds", "text": "…", "score": 1]],
                aiResponse: ["kind": "bird"],
                confidence: 0.25,
                model: "gull-2"
            )
            let commit = try await t.append([.user("What is it?"), input], to: conversation.id)
            #expect(commit.changes.summary == ["appended 2", "appended 3"])
            #expect(commit.changes == commit.value.map { .messageAppended($0) })
            let question = commit.value[0]
            #expect(question.author == Identity.alice.email)
            #expect(question.seq == 1)
            #expect(question.revision == 2)
            #expect(question.status == .delivered)
            #expect(question.projectID == conversation.projectID)
            let answer = commit.value[1]
            #expect(answer.id == input.id)
            #expect(answer.author == nil)
            #expect(answer.parts == input.parts)
            #expect(answer.metadata == input.metadata)
            #expect(answer.contexts == input.contexts)
            #expect(answer.aiResponse == input.aiResponse)
            #expect(answer.confidence == 0.25)
            #expect(answer.model == "gull-2")
            #expect(answer.createdAt > conversation.createdAt)
            #expect(answer.updatedAt == answer.createdAt)
            #expect(!answer.isEdited && answer.reactions.isEmpty && answer.nextIndex == nil)
            #expect(try await t.log(conversation.id) == commit.value)
            let after = try await t.state(of: conversation.id)
            #expect(after.messageCount == 2)
            #expect(after.revision == 3)
            #expect(after.lastMessageAt == answer.createdAt)
            #expect(after.updatedAt == answer.createdAt)
            #expect(after.createdAt == conversation.createdAt)
        }
    }

    @Test("Invariant 7: an edit keeps the text before, with who wrote it and when", arguments: StoreFactory.all)
    func editsKeepVersions(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let (id, messages) = try await t.conversation(holding: ["one"], in: project.id)
            let original = messages[0]
            let second = try await edit(original.id, in: id, MessageChanges(content: "two"), t, as: .bob)
            #expect(second.changes == [.messageUpdated(second.value)])
            #expect(second.value.revision == original.revision + 1)
            #expect(second.value.isEdited)
            #expect(second.value.seq == original.seq)
            #expect(second.value.author == original.author)
            #expect(second.value.createdAt == original.createdAt)
            #expect(second.value.updatedAt > original.updatedAt)
            let third = try await edit(original.id, in: id, MessageChanges(content: "three"), t)
            let versions = try await t.store.versions(of: original.id, in: id, as: .carol)
            #expect(
                versions == [
                    MessageVersion(content: "one", author: Identity.alice.email, createdAt: original.createdAt),
                    MessageVersion(content: "two", author: Identity.bob.email, createdAt: second.value.updatedAt),
                ]
            )
            #expect(try await t.log(id) == [third.value])
            #expect(try await t.state(of: id).revision == third.value.revision)
        }
    }

    @Test("A change of metadata alone is no edit of the text", arguments: StoreFactory.all)
    func metadataEdit(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: ["one"])
            let commit = try await edit(messages[0].id, in: id, MessageChanges(metadata: ["a": 1]), t)
            #expect(commit.value.metadata == ["a": 1])
            #expect(!commit.value.isEdited)
            #expect(commit.value.content == "one")
            #expect(try await t.store.versions(of: messages[0].id, in: id, as: .alice).isEmpty)
        }
    }

    @Test("A message of another conversation is not there", arguments: StoreFactory.all)
    func messageOfAnotherConversation(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (_, messages) = try await t.conversation(holding: ["here"])
            let (other, _) = try await t.conversation(holding: ["there"])
            let id = messages[0].id
            await expectError(.notFound) { try await edit(id, in: other, MessageChanges(content: "x"), t) }
            await expectError(.notFound) { try await delete(id, in: other, t) }
            await expectError(.notFound) { try await react("👍", true, on: id, in: other, t) }
            await expectError(.notFound) { try await t.store.versions(of: id, in: other, as: .alice) }
        }
    }

    @Test("Reactions stand in the order of first use, each person once", arguments: StoreFactory.all)
    func reactions(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let (id, messages) = try await t.conversation(holding: ["one"], in: project.id)
            let message = messages[0].id
            try await react("👍", true, on: message, in: id, t, as: .bob)
            try await react("👩‍👩‍👧‍👦", true, on: message, in: id, t)
            let commit = try await react("👍", true, on: message, in: id, t)
            let alice = Identity.alice.email
            let bob = Identity.bob.email
            #expect(
                commit.value.reactions == [
                    Reaction(emoji: "👍", users: [bob, alice]), Reaction(emoji: "👩‍👩‍👧‍👦", users: [alice]),
                ]
            )
            #expect(commit.changes == [.messageUpdated(commit.value)])
            #expect(commit.value.revision == messages[0].revision + 3)
            #expect(!commit.value.isEdited)
            try await react("👍", false, on: message, in: id, t, as: .bob)
            let last = try await react("👩‍👩‍👧‍👦", false, on: message, in: id, t)
            #expect(last.value.reactions == [Reaction(emoji: "👍", users: [alice])])
            #expect(try await t.log(id) == [last.value])
        }
    }

    @Test("A message bears a bounded number of different emoji", arguments: StoreFactory.all)
    func reactionLimit(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: ["one"])
            for number in 0..<Limits.reactionsPerMessage {
                try await react("\(number)", true, on: messages[0].id, in: id, t)
            }
            let before = try await t.log(id)
            await expectError(.conflict) { try await react("one more", true, on: messages[0].id, in: id, t) }
            #expect(try await t.log(id) == before)
        }
    }

    @Test("Of a deleted message only its place is left", arguments: StoreFactory.all)
    func deletion(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let conversation = try await t.conversation()
            let input = NewMessage(
                role: .user,
                content: "pelican",
                parts: [["type": "text"]],
                metadata: ["a": 1],
                contexts: [["title": "t"]],
                aiResponse: ["b": 2]
            )
            let message = try await t.append([input, .user("heron")], to: conversation.id).value[0]
            _ = try await edit(message.id, in: conversation.id, MessageChanges(content: "pelicans"), t)
            try await react("👍", true, on: message.id, in: conversation.id, t)
            let commit = try await delete(message.id, in: conversation.id, t)
            let deleted = commit.value
            #expect(commit.changes == [.messageUpdated(deleted)])
            #expect(deleted.status == .deleted)
            #expect(deleted.content.isEmpty)
            #expect(deleted.parts == nil && deleted.contexts == nil && deleted.aiResponse == nil)
            #expect(deleted.metadata.isEmpty && deleted.reactions.isEmpty)
            #expect(deleted.seq == 1)
            #expect(deleted.revision == 6)
            #expect(try await t.log(conversation.id).first == deleted)
            #expect(try await t.log(conversation.id).map(\.seq) == [1, 2])
            #expect(try await t.state(of: conversation.id).messageCount == 2)
            #expect(try await t.store.versions(of: message.id, in: conversation.id, as: .alice).isEmpty)
            #expect(try await t.search("pelican").isEmpty)
            await expectError(.forbidden) {
                try await edit(message.id, in: conversation.id, MessageChanges(content: "x"), t)
            }
            await expectError(.forbidden) { try await react("👍", true, on: message.id, in: conversation.id, t) }
        }
    }
}
