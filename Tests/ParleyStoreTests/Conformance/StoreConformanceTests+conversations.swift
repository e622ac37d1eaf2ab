import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("A new conversation has revision 1, a title and its maker as owner", arguments: StoreFactory.all)
    func newConversation(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let input = NewConversation(
                id: t.id(),
                title: "Birds",
                description: "of the coast",
                projectID: project.id,
                metadata: ["z": 1, "a": [true, .null]]
            )
            let commit = try await t.store.createConversation(input, as: .bob)
            let conversation = commit.value
            #expect(commit.changes == [.conversationCreated(conversation)])
            #expect(conversation.id == input.id)
            #expect(conversation.projectID == project.id)
            #expect(conversation.owner == Identity.bob.email)
            #expect(conversation.title == "Birds")
            #expect(conversation.description == "of the coast")
            #expect(conversation.metadata == input.metadata)
            #expect(conversation.revision == 1 && conversation.messageCount == 0)
            #expect(conversation.status == .active && !conversation.isPinned)
            #expect(conversation.lastMessageAt == nil && conversation.preview == nil && conversation.forkedFrom == nil)
            #expect(conversation.createdAt == conversation.updatedAt)
            #expect(try await t.state(of: conversation.id) == conversation)
            let untitled = try await t.conversation()
            #expect(untitled.title == Conversation.defaultTitle)
            #expect(untitled.projectID == (try await t.store.personalProject(as: .alice)).id)
        }
    }

    @Test("A conversation's own fields change together, in one revision", arguments: StoreFactory.all)
    func update(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let input = NewConversation(title: "Birds", description: "of the coast", metadata: ["a": 1])
            let before = try await t.store.createConversation(input, as: .alice).value
            let changes = ConversationChanges(
                title: "Gulls",
                description: .some(nil),
                status: .archived,
                isPinned: true,
                metadata: ["b": 2]
            )
            let commit = try await t.store.updateConversation(before.id, changes, expectedRevision: 1, as: .alice)
            let after = commit.value
            #expect(commit.changes == [.conversationUpdated(after)])
            #expect(after.title == "Gulls" && after.description == nil)
            #expect(after.status == .archived && after.isPinned)
            #expect(after.metadata == ["b": 2])
            #expect(after.revision == 2)
            #expect(after.updatedAt > before.updatedAt)
            #expect(after.createdAt == before.createdAt && after.owner == before.owner)
            #expect(try await t.state(of: before.id) == after)
        }
    }

    @Test(
        "A conversation that moves takes its messages along, out of sight of who stays behind",
        arguments: StoreFactory.all
    )
    func move(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let from = try await t.sharedProject()
            let to = try await t.store.createProject(NewProject(name: "Elsewhere"), as: .alice).value
            let (id, _) = try await t.conversation(holding: ["pelican"], in: from.id)
            let changes = ConversationChanges(projectID: to.id)
            let commit = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
            #expect(commit.value.projectID == to.id)
            #expect(commit.movedFrom == from.id)
            // Where it is already is no other place.
            let stays = ConversationChanges(title: "Stays", projectID: to.id)
            let stayed = try await t.store.updateConversation(id, stays, expectedRevision: nil, as: .alice)
            #expect(stayed.movedFrom == nil && stayed.changes.count == 1)
            let again = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
            #expect(again.movedFrom == nil && again.changes.isEmpty)
            #expect(try await t.log(id).map(\.projectID) == [to.id])
            #expect(try await t.search("pelican", in: to.id).map(\.message.projectID) == [to.id])
            #expect(try await t.search("pelican", in: from.id).isEmpty)
            await expectError(.notFound) { try await t.log(id, as: .bob) }

            // Writing in both is what moving needs.
            let (own, _) = try await t.conversation(holding: ["hers"], as: .carol)
            let home = try await t.store.personalProject(as: .carol).id
            let there = ConversationChanges(projectID: from.id)
            await expectError(.forbidden) {
                try await t.store.updateConversation(own, there, expectedRevision: nil, as: .carol)
            }
            let (shared, _) = try await t.conversation(holding: ["shared"], in: from.id)
            let away = ConversationChanges(projectID: home)
            await expectError(.forbidden) {
                try await t.store.updateConversation(shared, away, expectedRevision: nil, as: .carol)
            }
            await expectError(.notFound) {
                try await t.store.updateConversation(shared, away, expectedRevision: nil, as: .bob)
            }
        }
    }

    @Test("A conversation with a running reply stays where it is", arguments: StoreFactory.all)
    func moveWhileStreaming(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let to = try await t.store.createProject(NewProject(name: "Elsewhere"), as: .alice).value
            let turn = try await t.begin("question").value
            let id = turn.conversation.id
            await expectError(.replyInProgress) {
                let changes = ConversationChanges(title: "Moved", projectID: to.id)
                return try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
            }
            #expect(try await t.state(of: id).title == "question")
            let outcome = ReplyOutcome(status: .delivered)
            _ = try await t.store.finishReply(outcome, under: try turn.requireLease())
            let changes = ConversationChanges(projectID: to.id)
            _ = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
        }
    }

    @Test("Of a deleted conversation nothing can be read, found or written", arguments: StoreFactory.all)
    func deletedConversation(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: ["pelican", "heron"])
            _ = try await t.store.setDraft("a draft", in: id, as: .alice)
            let before = try await t.state(of: id)
            let commit = try await t.store.deleteConversation(id, expectedRevision: before.revision, as: .alice)
            guard case .conversationDeleted(let last)? = commit.changes.first, commit.changes.count == 1 else {
                Issue.record("a deletion is one change")
                return
            }
            #expect(last.id == id && last.title == before.title && last.projectID == before.projectID)
            #expect(last.revision == before.revision + 1)
            #expect(try await t.search("pelican").isEmpty)
            let list = try await t.store.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
            #expect(list.elements.isEmpty)
            await expectError(.notFound) { try await t.log(id) }
            await expectError(.notFound) { try await t.store.changes(in: id, since: 0, limit: 10, as: .alice) }
            await expectError(.notFound) { try await t.store.draft(in: id, as: .alice) }
            await expectError(.notFound) { try await t.say(["late"], in: id) }
            await expectError(.notFound) {
                try await t.store.replyProgress(of: messages[0].id, after: -1, as: .alice)
            }
            await expectError(.notFound) {
                try await t.store.deleteConversation(id, expectedRevision: nil, as: .alice)
            }
        }
    }

    @Test("A fork holds copies up to a place, and lives apart from its source", arguments: StoreFactory.all)
    func fork(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let source = try await t.conversation(in: project.id, title: "Birds")
            let input = NewMessage(
                role: .assistant,
                content: "pelican",
                parts: [["type": "x"]],
                metadata: ["a": 1],
                contexts: [["title": "t"]],
                aiResponse: ["b": 2],
                model: "gull-2"
            )
            let originals = try await t.append([.user("one"), input, .user("gone"), .user("late")], to: source.id).value
            _ = try await edit(originals[0].id, in: source.id, MessageChanges(content: "uno"), t)
            try await react("👍", true, on: originals[1].id, in: source.id, t)
            try await delete(originals[2].id, in: source.id, t)
            let log = try await t.log(source.id)

            let commit = try await t.store.forkConversation(source.id, ForkRequest(seq: 3), as: .bob)
            let fork = commit.value
            #expect(commit.changes == [.conversationCreated(fork)])
            #expect(fork.owner == Identity.bob.email)
            #expect(fork.projectID == project.id)
            #expect(fork.title == "Birds")
            #expect(fork.forkedFrom == ForkOrigin(conversationID: source.id, seq: 3))
            #expect(fork.messageCount == 3)
            #expect(fork.revision == 4)
            #expect(fork.lastMessageAt == originals[2].createdAt)
            #expect(try await t.state(of: fork.id) == fork)
            let copies = try await t.log(fork.id)
            #expect(copies.map(\.content) == ["uno", "pelican", ""])
            #expect(copies.map(\.seq) == [1, 2, 3])
            #expect(copies.map(\.revision) == [2, 3, 4])
            #expect(Set(copies.map(\.id)).isDisjoint(with: log.map(\.id)))
            for (copy, original) in zip(copies, log) {
                #expect(copy.role == original.role && copy.author == original.author)
                #expect(copy.parts == original.parts && copy.metadata == original.metadata)
                #expect(copy.contexts == original.contexts && copy.aiResponse == original.aiResponse)
                #expect(copy.model == original.model && copy.status == original.status)
                #expect(copy.createdAt == original.createdAt)
                #expect(copy.reactions.isEmpty)
                #expect(copy.conversationID == fork.id)
                #expect(try await t.store.versions(of: copy.id, in: fork.id, as: .bob).isEmpty)
            }
            #expect(try await t.search("pelican").count == 2)
            let changes = try await t.store.changes(in: fork.id, since: 1, limit: 10, as: .bob)
            #expect(changes.messages == copies)

            _ = try await edit(copies[0].id, in: fork.id, MessageChanges(content: "eins"), t, as: .bob)
            #expect(try await t.log(source.id) == log)
            _ = try await t.store.deleteConversation(source.id, expectedRevision: nil, as: .alice)
            #expect(try await t.log(fork.id).map(\.content) == ["eins", "pelican", ""])
        }
    }

    @Test(
        "A fork is refused at a place that is not there, or where a reply is being written",
        arguments: StoreFactory.all
    )
    func forkRefused(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("question").value
            let id = turn.conversation.id
            for seq in [Int.min, -1, 0, 3, Int.max] {
                let error = await expectError(.invalidRequest) {
                    try await t.store.forkConversation(id, ForkRequest(seq: seq), as: .alice)
                }
                #expect(error?.parameter == "seq")
            }
            await expectError(.replyInProgress) {
                try await t.store.forkConversation(id, ForkRequest(seq: 2), as: .alice)
            }
            let titled = ForkRequest(seq: 1, title: "Before the answer")
            #expect(try await t.store.forkConversation(id, titled, as: .alice).value.title == "Before the answer")
            let empty = try await t.conversation()
            await expectError(.invalidRequest) {
                try await t.store.forkConversation(empty.id, ForkRequest(seq: 1), as: .alice)
            }
        }
    }
}
