import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    /// A time long before the tests' clock.
    private static let then = Timestamp(microseconds: 1_000_000_000_000_000)

    private func imported(
        _ text: String,
        id: MessageID,
        role: MessageRole = .user,
        second: Int
    ) -> ImportedMessage {
        ImportedMessage(
            id: id,
            input: NewMessage(role: role, content: text),
            createdAt: Self.then + .seconds(second)
        )
    }

    private func imported(
        _ texts: [String],
        id: ConversationID,
        to project: ProjectID? = nil,
        _ t: StoreUnderTest
    ) -> ImportedConversation {
        ImportedConversation(
            id: id,
            projectID: project,
            title: "Birds",
            metadata: ["from": "elsewhere"],
            createdAt: Self.then,
            messages: texts.enumerated().map { index, text in imported(text, id: t.id(), second: index) }
        )
    }

    @Test("What is brought from elsewhere keeps its times, marks and ids, and is found", arguments: StoreFactory.all)
    func importKeeps(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            var input = imported(["pelican?", "a bird"], id: t.id(), t)
            let answer = NewMessage(
                role: .assistant,
                content: "a bird",
                parts: [["type": "x"]],
                metadata: ["a": 1],
                contexts: [["title": "t"]],
                aiResponse: ["b": 2],
                confidence: 0.5,
                model: "gull-2"
            )
            input.messages[0].author = Identity.alice.email
            input.messages[1] = ImportedMessage(
                id: input.messages[1].id,
                input: answer,
                status: .failed,
                isEdited: true,
                reactions: [Reaction(emoji: "👍", users: [Identity.alice.email])],
                tokensUsed: TokenUsage(prompt: 3, completion: 4),
                latencyMilliseconds: 1200,
                createdAt: Self.then + .seconds(9),
                updatedAt: Self.then + .seconds(11)
            )
            let commit = try await t.store.importConversation(input, as: .alice)
            #expect(commit.changes.summary == ["created 3"])
            #expect(commit.value.isNew && !commit.isReplay)
            #expect(commit.value.added == Set(input.messages.map(\.id)))
            let conversation = try await t.state(of: input.id)
            #expect(commit.value.conversation == conversation)
            #expect(conversation.projectID == (try await t.store.personalProject(as: .alice).id))
            #expect(conversation.owner == Identity.alice.email && conversation.title == "Birds")
            #expect(conversation.metadata == ["from": "elsewhere"] && conversation.messageCount == 2)
            #expect(conversation.revision == 3)
            #expect(conversation.createdAt == Self.then)
            #expect(conversation.updatedAt == Self.then + .seconds(9))
            #expect(conversation.lastMessageAt == Self.then + .seconds(9))
            let log = try await t.log(input.id)
            let expected = input.messages.enumerated().map { index, message in
                message.message(
                    in: input.id,
                    of: conversation.projectID,
                    seq: index + 1,
                    revision: index + 2
                )
            }
            #expect(log == expected)
            #expect(log[0].author == Identity.alice.email)
            #expect(try await t.search("pelican").map(\.message.id) == [log[0].id])
            #expect(try await t.store.changes(in: input.id, since: 1, limit: 10, as: .alice).messages == log)
            // Whoever goes on goes on behind it, at the present time.
            let next = try await t.say(["more"], in: input.id)
            #expect(next[0].seq == 3 && next[0].revision == 4 && next[0].createdAt > Self.then + .seconds(1000))
            // What was there already has a past, too.
            _ = try await edit(log[0].id, in: input.id, MessageChanges(content: "heron?"), t)
            let versions = try await t.store.versions(of: log[0].id, in: input.id, as: .alice)
            #expect(versions == [MessageVersion(content: "pelican?", author: log[0].author, createdAt: Self.then)])
        }
    }

    @Test("What is brought again changes nothing, and what is more is appended", arguments: StoreFactory.all)
    func importAgain(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            var input = imported(["one", "two", "three"], id: t.id(), t)
            _ = try await t.store.importConversation(input, as: .alice)
            let changes = ConversationChanges(title: "Mine")
            _ = try await t.store.updateConversation(input.id, changes, expectedRevision: nil, as: .alice)
            _ = try await edit(input.messages[0].id, in: input.id, MessageChanges(content: "uno"), t)
            try await delete(input.messages[1].id, in: input.id, t)
            let before = (try await t.state(of: input.id), try await t.log(input.id))

            let again = try await t.store.importConversation(input, as: .alice)
            #expect(again.isReplay && again.changes.isEmpty)
            #expect(!again.value.isNew && again.value.added.isEmpty)
            #expect(again.value.conversation == before.0)
            #expect(try await t.log(input.id) == before.1)

            // One of them known under another id, and one twice.
            var known = imported("three", id: t.id(), second: 2)
            known.otherIDs = [t.id(), input.messages[2].id]
            let four = imported("four", id: t.id(), second: 3)
            input.messages += [known, four, four]
            let more = try await t.store.importConversation(input, as: .alice)
            #expect(more.value.added == [four.id])
            #expect(more.changes.summary == ["appended \(before.0.revision + 1)"])
            let log = try await t.log(input.id)
            #expect(log.map(\.content) == ["uno", "", "three", "four"])
            #expect(log.map(\.seq) == [1, 2, 3, 4])
            let after = try await t.state(of: input.id)
            #expect(after.revision == before.0.revision + 1 && after.messageCount == 4)
            #expect(after.title == "Mine")
            #expect(after.updatedAt == before.0.updatedAt)
            #expect(after.lastMessageAt == Self.then + .seconds(3))
            #expect(try await t.search("four").count == 1)
        }
    }

    @Test("Thousands of messages come in calls, in order and without jumping to the top", arguments: StoreFactory.all)
    func importMany(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let newer = try await t.conversation(holding: ["new"])
            let whole = imported((0..<1000).map { "text \($0)" }, id: t.id(), t)
            for start in stride(from: 0, to: 1000, by: Limits.messagesPerImport) {
                var part = whole
                part.messages = Array(whole.messages[start..<start + Limits.messagesPerImport])
                let commit = try await t.store.importConversation(part, as: .alice)
                #expect(commit.value.added.count == Limits.messagesPerImport)
            }
            #expect(try await t.store.importConversation(whole, as: .alice).isReplay)
            let log = try await t.log(whole.id)
            #expect(log.map(\.id) == whole.messages.map(\.id))
            #expect(log.map(\.seq) == Array(1...1000))
            let state = try await t.state(of: whole.id)
            #expect(state.revision == 1001 && state.updatedAt == Self.then + .seconds(999))
            let list = try await t.store.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
            #expect(list.elements.map(\.id) == [newer.id, whole.id])
        }
    }

    @Test("The same brought many times at once is there once", arguments: StoreFactory.all)
    func importAtOnce(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let input = imported(["one", "two", "three"], id: t.id(), t)
            let commits = try await withThrowingTaskGroup(of: Commit<ImportOutcome>.self) { group in
                for _ in 0..<8 { group.addTask { try await t.store.importConversation(input, as: .alice) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(commits.filter { !$0.isReplay }.count == 1)
            #expect(commits.reduce(0) { $0 + $1.value.added.count } == 3)
            #expect(try await t.log(input.id).map(\.content) == ["one", "two", "three"])
            #expect(try await t.state(of: input.id).revision == 4)
        }
    }

    @Test("Times to come don't stay on top of a list", arguments: StoreFactory.all)
    func importFromTheFuture(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            var input = imported(["one"], id: t.id(), t)
            input.messages[0].createdAt = Timestamp(microseconds: 200_000_000_000_000_000)
            let made = try await t.store.importConversation(input, as: .alice).value.conversation
            #expect(made.updatedAt < input.messages[0].createdAt)
            let said = try await t.say(["now"], in: input.id)
            #expect(said[0].createdAt < input.messages[0].createdAt)
            let empty = imported([], id: t.id(), t)
            let without = try await t.store.importConversation(empty, as: .alice).value.conversation
            #expect(without.messageCount == 0 && without.revision == 1 && without.lastMessageAt == nil)
        }
    }

    @Test("What is brought goes to nobody else's conversation", arguments: StoreFactory.all)
    func importForeign(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let input = imported(["one"], id: t.id(), t)
            _ = try await t.store.importConversation(input, as: .alice)
            await expectError(.notFound) { try await t.store.importConversation(input, as: .mallory) }
            #expect(try await t.log(input.id).count == 1)
            let shared = imported(["one"], id: t.id(), to: project.id, t)
            await expectError(.notFound) { try await t.store.importConversation(shared, as: .mallory) }
            await expectError(.forbidden) { try await t.store.importConversation(shared, as: .carol) }
            #expect(try await t.store.importConversation(shared, as: .bob).value.isNew)
            await expectError(.forbidden) { try await t.store.importConversation(shared, as: .carol) }
            // A message's id means something only within its conversation.
            var copy = imported([], id: t.id(), t)
            copy.messages = input.messages
            #expect(try await t.store.importConversation(copy, as: .mallory).value.added.count == 1)
        }
    }
}
