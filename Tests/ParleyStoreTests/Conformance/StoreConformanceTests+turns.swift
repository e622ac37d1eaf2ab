import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("A turn without a conversation makes one, titled after its message", arguments: StoreFactory.all)
    func turnMakesConversation(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let request = TurnRequest(
                projectID: project.id,
                message: .user("Which bird is\nthis?", id: t.id()),
                model: "gull-2"
            )
            let commit = try await t.store.beginTurn(request, expectedRevision: nil, as: .bob)
            let turn = commit.value
            #expect(commit.changes.summary == ["created 1", "appended 2", "appended 3"])
            #expect(!commit.isReplay)
            #expect(turn.conversation.title == "Which bird is")
            #expect(turn.conversation.projectID == project.id)
            #expect(turn.conversation.owner == Identity.bob.email)
            #expect(turn.conversation.revision == 3 && turn.conversation.messageCount == 2)
            #expect(turn.userMessage.id == request.message.id)
            #expect(turn.userMessage.author == Identity.bob.email)
            #expect(turn.userMessage.seq == 1 && turn.userMessage.status == .delivered)
            let reply = turn.reply
            #expect(reply.role == .assistant && reply.author == nil && reply.content.isEmpty)
            #expect(reply.status == .streaming && reply.nextIndex == 0)
            #expect(reply.seq == 2 && reply.revision == 3)
            #expect(reply.model == "gull-2")
            let lease = try turn.requireLease()
            #expect(lease.messageID == reply.id && lease.conversationID == turn.conversation.id)
            #expect(lease.projectID == project.id)
            #expect(try await t.log(turn.conversation.id, as: .carol) == [turn.userMessage, reply])
            #expect(try await t.state(of: turn.conversation.id) == turn.conversation)
        }
    }

    @Test("A turn titles a conversation that is empty and that nobody has titled", arguments: StoreFactory.all)
    func turnTitles(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let untitled = try await t.conversation()
            let first = try await t.begin("Which bird?", in: untitled.id)
            #expect(first.changes.summary == ["updated 2", "appended 3", "appended 4"])
            #expect(first.value.conversation.title == "Which bird?")
            _ = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: try first.value.requireLease())
            let second = try await t.begin("And this?", in: untitled.id)
            #expect(second.changes.summary == ["appended 6", "appended 7"])
            #expect(second.value.conversation.title == "Which bird?")

            let titled = try await t.conversation(title: "Birds")
            #expect(try await t.begin("Which?", in: titled.id).changes.summary == ["appended 2", "appended 3"])

            // Given by a person, also where it says what it said before.
            let kept = try await t.conversation()
            let same = ConversationChanges(title: Conversation.defaultTitle)
            let update = try await t.store.updateConversation(kept.id, same, expectedRevision: nil, as: .alice)
            #expect(update.changes.isEmpty)
            let turn = try await t.begin("Which?", in: kept.id)
            #expect(turn.value.conversation.title == Conversation.defaultTitle)
            let renamed = try await t.conversation()
            let changes = ConversationChanges(title: "Gulls")
            _ = try await t.store.updateConversation(renamed.id, changes, expectedRevision: nil, as: .alice)
            #expect(try await t.begin("Which?", in: renamed.id).value.conversation.title == "Gulls")
            let (filled, _) = try await t.conversation(holding: ["said before"])
            #expect(try await t.begin("Which?", in: filled).value.conversation.title == Conversation.defaultTitle)
        }
    }

    @Test(
        "Invariant 6: a turn sent again joins the reply that was begun, running or ended",
        arguments: StoreFactory.all
    )
    func turnAgain(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let id: MessageID = t.id()
            let first = try await t.begin("Which bird?", id: id).value
            let conversation = first.conversation.id
            let lease = try first.requireLease()
            _ = try await t.store.appendPieces(["A ", "peli"], at: 0, under: lease)
            // With the conversation and without it: a client that got no answer does not know it.
            for place in [conversation, nil] {
                let running = try await t.begin("Which bird?", in: place, id: id)
                #expect(running.isReplay && running.changes.isEmpty)
                #expect(running.value.lease == nil)
                #expect(running.value.reply.id == first.reply.id)
                #expect(running.value.reply.content == "A peli")
                #expect(running.value.reply.nextIndex == 2)
                #expect(running.value.conversation.id == conversation)
                await expectError(.idempotencyConflict) { try await t.begin("Which fish?", in: place, id: id) }
            }
            _ = try await t.store.appendPieces(["can."], at: 2, under: lease)
            let reply = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease).value
            for place in [conversation, nil] {
                let request = TurnRequest(conversationID: place, message: .user("Which bird?", id: id))
                let ended = try await t.store.beginTurn(request, expectedRevision: 1, as: .alice)
                #expect(ended.isReplay)
                #expect(ended.value.reply == reply)
                #expect(ended.value.userMessage == first.userMessage)
            }
            #expect(try await t.log(conversation).count == 2)
            // Another person's message of that id is another message.
            let mallory = try await t.begin("Which bird?", id: id, as: .mallory)
            #expect(!mallory.isReplay)
            #expect(mallory.value.conversation.id != conversation)
        }
    }

    @Test(
        "A question that was edited, or that has parts, is asked again by its text of now where no answer came",
        arguments: StoreFactory.all
    )
    func editedQuestionAgain(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (conversation, _) = try await t.conversation(holding: [])
            let first = NewMessage.user("Which bird?", id: t.id())
            _ = try await t.append([first], to: conversation)
            let id = try #require(first.id)
            await expectError(.idempotencyConflict) { try await t.begin("Which fish?", in: conversation, id: id) }
            let changes = MessageChanges(content: "Which fish?")
            _ = try await t.store.editMessage(id, in: conversation, changes, expectedRevision: nil, as: .alice)
            await expectError(.idempotencyConflict) { try await t.begin("Which?", in: conversation, id: id) }
            let turn = try await t.begin("Which fish?", in: conversation, id: id)
            #expect(!turn.isReplay)
            #expect(turn.value.userMessage.id == id)
            #expect(turn.value.userMessage.content == "Which fish?")
            #expect(turn.value.reply.seq == 2)
            let lease = try turn.value.requireLease()
            let reply = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease).value
            // Once is enough, whichever text it is sent with.
            for text in ["Which fish?", "Which bird?"] {
                let again = try await t.begin(text, in: conversation, id: id)
                #expect(again.isReplay)
                #expect(again.value.reply.id == reply.id)
            }
            let parts: [JSON] = [["type": "image_url", "image_url": ["url": "data:,x"]]]
            let shown = NewMessage(id: t.id(), role: .user, content: "What is that?", parts: parts)
            _ = try await t.append([shown], to: conversation)
            let asked = try await t.begin("What is that?", in: conversation, id: try #require(shown.id)).value
            #expect(asked.userMessage.parts == parts)
            #expect(asked.reply.seq == 4)
        }
    }

    @Test("A turn without a conversation joins none of somebody else's messages", arguments: StoreFactory.all)
    func turnBesideAnother(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let (shared, _) = try await t.conversation(holding: [], in: project.id)
            let message = NewMessage.user("Which bird?", id: t.id())
            _ = try await t.append([message], to: shared, as: .bob)
            let turn = try await t.begin("Which bird?", id: message.id).value
            #expect(turn.conversation.id != shared)
            #expect(turn.userMessage.author == Identity.alice.email)
            #expect(try await t.log(shared).count == 1)
            #expect(try await t.begin("Which bird?", id: message.id, as: .bob).value.conversation.id == shared)
        }
    }

    @Test("A turn sent again with another project is not the same turn", arguments: StoreFactory.all)
    func turnAgainElsewhere(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let here = try await t.sharedProject()
            let there = try await t.store.createProject(NewProject(name: "Elsewhere"), as: .alice).value
            let message = NewMessage.user("Which bird?", id: t.id())
            func begin(in project: ProjectID?) async throws -> Commit<Turn> {
                let request = TurnRequest(projectID: project, message: message)
                return try await t.store.beginTurn(request, expectedRevision: nil, as: .alice)
            }
            let first = try await begin(in: here.id)
            #expect(try await begin(in: here.id).isReplay)
            // Who names none means the turn, wherever it is.
            #expect(try await begin(in: nil).value.reply.id == first.value.reply.id)
            await expectError(.idempotencyConflict) { try await begin(in: there.id) }
            let elsewhere = ConversationFilter(projectID: there.id)
            let list = try await t.store.conversations(elsewhere, page: PageRequest(), as: .alice)
            #expect(list.elements.isEmpty)
        }
    }

    @Test("A reply whose question was deleted is not written anew", arguments: StoreFactory.all)
    func regenerationWithoutQuestion(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.turn("Which bird?", answer: ["A gull."])
            let id = turn.turn.conversation.id
            try await delete(turn.turn.userMessage.id, in: id, t)
            let (other, _) = try await t.conversation(holding: [])
            let appended = try await t.append([.user("Which fish?"), .assistant("A cod.")], to: other).value
            try await delete(appended[0].id, in: other, t)
            for reply in [turn.reply, appended[1]] {
                await expectError(.forbidden) {
                    try await t.store.beginRegeneration(of: reply.id, expectedRevision: nil, as: .alice)
                }
            }
            #expect(try await t.log(id).last == turn.reply)
        }
    }

    @Test("A message that is there already gets the reply that it has not had", arguments: StoreFactory.all)
    func turnOfStoredMessage(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let id = try await t.conversation().id
            let message = NewMessage.user("Which bird?", id: t.id())
            let stored = try await t.append([message], to: id).value[0]
            let commit = try await t.begin("Which bird?", in: id, id: message.id)
            #expect(commit.changes.summary == ["appended 3"])
            #expect(!commit.isReplay)
            #expect(commit.value.userMessage == stored)
            #expect(commit.value.reply.seq == 2)
            _ = try commit.value.requireLease()
            #expect(try await t.begin("Which bird?", in: id, id: message.id).isReplay)

            let deleted = NewMessage.user("Never mind", id: t.id())
            let (other, _) = try await t.conversation(holding: [])
            _ = try await t.append([deleted], to: other)
            try await delete(try #require(deleted.id), in: other, t)
            await expectError(.forbidden) { try await t.begin("Never mind", in: other, id: deleted.id) }
        }
    }

    @Test("Appends, edits and reactions go on while a reply is being written", arguments: StoreFactory.all)
    func writesWhileStreaming(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let id = turn.conversation.id
            let lease = try turn.requireLease()
            _ = try await t.store.appendPieces(["A pelican."], at: 0, under: lease)
            try await t.say(["Take your time"], in: id)
            _ = try await edit(turn.userMessage.id, in: id, MessageChanges(content: "Which bird, please?"), t)
            let reacted = try await react("👍", true, on: turn.reply.id, in: id, t).value
            #expect(reacted.status == .streaming && reacted.content == "A pelican." && reacted.nextIndex == 1)
            await expectError(.replyInProgress) {
                try await edit(turn.reply.id, in: id, MessageChanges(content: "x"), t)
            }
            let reply = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease).value
            #expect(reply.content == "A pelican." && reply.reactions.map(\.emoji) == ["👍"])
            #expect(reply.revision == 7)
            #expect(try await t.log(id).map(\.content) == ["Which bird, please?", "A pelican.", "Take your time"])
        }
    }

    @Test("A program's title takes the place of a program's, and never of a person's", arguments: StoreFactory.all)
    func improvedTitle(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird is that on the pier?").value
            let id = turn.conversation.id
            let improved = try await t.store.improveTitle("A bird on the pier", of: id, as: .alice)
            #expect(improved.value.title == "A bird on the pier")
            #expect(improved.value.revision == turn.conversation.revision + 1)
            #expect(improved.changes == [.conversationUpdated(improved.value)])
            #expect(try await t.search("pier", as: .alice).contains { $0.conversation.id == id })
            #expect(try await t.store.improveTitle("A bird on the pier", of: id, as: .alice).changes == [])

            let changes = ConversationChanges(title: "Gulls")
            let renamed = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice).value
            let refused = try await t.store.improveTitle("Seabirds", of: id, as: .alice)
            #expect(refused.changes == [] && refused.value == renamed)
            let given = try await t.conversation(title: "Birds")
            #expect(try await t.store.improveTitle("Seabirds", of: given.id, as: .alice).value.title == "Birds")
        }
    }

    @Test(
        "A program's title disturbs nobody: not the list, and not who knew the revision before",
        arguments: StoreFactory.all
    )
    func quietTitle(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let older = try await t.turn("Which bird?", answer: ["A gull."]).turn.conversation.id
            try await t.turn("Which fish?", answer: ["A cod."])
            func list() async throws -> [ConversationID] {
                try await t.store.conversations(ConversationFilter(), page: PageRequest(), as: .alice).elements.map(
                    \.id
                )
            }
            let (before, order) = (try await t.state(of: older), try await list())
            let titled = try await t.store.improveTitle("Gulls", of: older, as: .alice).value
            #expect(titled.updatedAt == before.updatedAt && titled.revision == before.revision + 1)
            #expect(try await t.state(of: older) == titled)
            #expect(try await list() == order)

            func pin(_ isPinned: Bool, expecting revision: Int) async throws -> Conversation {
                let changes = ConversationChanges(isPinned: isPinned)
                return try await t.store.updateConversation(
                    older,
                    changes,
                    expectedRevision: revision,
                    as: .alice
                ).value
            }
            let stale = await expectError(.stale) { try await pin(true, expecting: before.revision - 1) }
            #expect(stale?.revision == titled.revision)
            let pinned = try await pin(true, expecting: before.revision)
            #expect(pinned.revision == titled.revision + 1)
            // Now somebody did something.
            await expectError(.stale) { try await pin(false, expecting: before.revision) }
            await expectError(.stale) { try await pin(false, expecting: titled.revision) }
            // Of two titles, only the last is overlooked.
            let first = try await t.store.improveTitle("Seabirds", of: older, as: .alice).value
            _ = try await t.store.improveTitle("Seabirds on the pier", of: older, as: .alice)
            await expectError(.stale) { try await pin(false, expecting: pinned.revision) }
            _ = try await pin(false, expecting: first.revision)
        }
    }

    @Test("A conversation says whether a person gave its title", arguments: StoreFactory.all)
    func givenTitle(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            #expect(try await t.conversation(title: "Birds").hasGivenTitle)
            let begun = try await t.begin("Which bird?").value.conversation
            #expect(!begun.hasGivenTitle)
            let fork = ForkRequest(seq: 1, title: "Gulls")
            #expect(try await t.store.forkConversation(begun.id, fork, as: .alice).value.hasGivenTitle)
            let plain = ForkRequest(seq: 1)
            #expect(try await !t.store.forkConversation(begun.id, plain, as: .alice).value.hasGivenTitle)
            // In the words that it has already.
            let same = ConversationChanges(title: begun.title)
            let kept = try await t.store.updateConversation(begun.id, same, expectedRevision: nil, as: .alice)
            #expect(kept.value.hasGivenTitle && kept.changes.isEmpty)
            #expect(try await t.state(of: begun.id).hasGivenTitle)
        }
    }

    @Test("A regenerated reply keeps the version before", arguments: StoreFactory.all)
    func regeneration(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let begun = try await t.begin("Which bird?").value
            let id = begun.conversation.id
            let firstLease = try begun.requireLease()
            _ = try await t.store.appendPieces(["A gull."], at: 0, under: firstLease)
            let outcome = ReplyOutcome(
                status: .failed,
                metadata: ["error": "x"],
                model: "gull-2",
                tokensUsed: TokenUsage(prompt: 1, completion: 2),
                latencyMilliseconds: 3,
                parts: [["type": "reasoning", "text": "Wings …"]],
                contexts: [["title": "t"]],
                aiResponse: ["user_explanation": "A gull."],
                confidence: 0.5
            )
            let first = try await t.store.finishReply(outcome, under: firstLease).value
            try await react("👍", true, on: first.id, in: id, t)

            let commit = try await t.store.beginRegeneration(of: first.id, expectedRevision: nil, as: .alice)
            let turn = commit.value
            #expect(commit.changes == [.messageUpdated(turn.reply)])
            #expect(turn.userMessage == begun.userMessage)
            let empty = turn.reply
            #expect(empty.id == first.id && empty.seq == first.seq && empty.createdAt == first.createdAt)
            #expect(empty.status == .streaming && empty.content.isEmpty && empty.nextIndex == 0)
            #expect(empty.metadata == ["version": 2] && empty.contexts == nil && empty.parts == nil)
            #expect(empty.aiResponse == nil && empty.confidence == nil)
            #expect(empty.tokensUsed == nil && empty.latencyMilliseconds == nil)
            #expect(empty.reactions.map(\.emoji) == ["👍"])
            let version = MessageVersion(content: "A gull.", author: nil, createdAt: first.updatedAt)
            #expect(try await t.store.versions(of: first.id, in: id, as: .alice) == [version])
            await expectError(.replyInProgress) {
                try await t.store.beginRegeneration(of: first.id, expectedRevision: nil, as: .alice)
            }

            let lease = try turn.requireLease()
            #expect(lease.fence > firstLease.fence)
            await expectError(.notFound) { try await t.store.appendPieces(["late"], at: 1, under: firstLease) }
            _ = try await t.store.appendPieces(["A pelican."], at: 0, under: lease)
            let done = ReplyOutcome(status: .delivered, metadata: ["finish_reason": "stop"])
            let second = try await t.store.finishReply(done, under: lease).value
            #expect(second.content == "A pelican.")
            #expect(second.metadata == ["version": 2, "finish_reason": "stop"])
            let third = try await t.store.beginRegeneration(of: first.id, expectedRevision: nil, as: .alice).value
            #expect(third.reply.metadata == ["version": 3])
            _ = try await t.store.finishReply(done, under: try third.requireLease())
            #expect(try await t.log(id).count == 2)
            let again = TurnRequest(conversationID: id, message: .user("Which bird?"))
            _ = try await t.store.beginTurn(again, expectedRevision: nil, as: .alice)
            await expectError(.replyInProgress) {
                try await t.store.beginRegeneration(of: first.id, expectedRevision: nil, as: .alice)
            }
        }
    }

    @Test("Only an answer to a person's message can be regenerated", arguments: StoreFactory.all)
    func regenerationRefused(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let id = try await t.conversation().id
            let inputs: [NewMessage] = [
                .assistant("Hello"), .user("Which bird?"), .assistant("A gull."), .assistant("Or a pelican."),
                NewMessage(role: .system, content: "Be kind"), .assistant("Sorry."),
            ]
            let messages = try await t.append(inputs, to: id).value
            for index in [0, 1, 3, 4, 5] {
                await expectError(.invalidRequest) {
                    try await t.store.beginRegeneration(of: messages[index].id, expectedRevision: nil, as: .alice)
                }
            }
            let commit = try await t.store.beginRegeneration(of: messages[2].id, expectedRevision: nil, as: .alice)
            #expect(commit.value.userMessage == messages[1])
            let lease = try commit.value.requireLease()
            _ = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease)
            try await delete(messages[2].id, in: id, t)
            await expectError(.forbidden) {
                try await t.store.beginRegeneration(of: messages[2].id, expectedRevision: nil, as: .alice)
            }
        }
    }

    @Test("A forked question is the question of its copied answer", arguments: StoreFactory.all)
    func turnInFork(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.turn("Which bird?", answer: ["A gull."])
            let source = turn.turn.conversation.id
            let whole = try await t.store.forkConversation(source, ForkRequest(seq: 2), as: .alice).value.id
            let copies = try await t.log(whole)
            let joined = try await t.begin("Which bird?", in: whole, id: copies[0].id)
            #expect(joined.isReplay)
            #expect(joined.value.reply == copies[1])
            let half = try await t.store.forkConversation(source, ForkRequest(seq: 1), as: .alice).value.id
            let question = try await t.log(half)[0]
            let begun = try await t.begin("Which bird?", in: half, id: question.id)
            #expect(begun.changes.summary == ["appended 3"])
            #expect(begun.value.userMessage == question)
        }
    }
}
