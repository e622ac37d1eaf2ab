import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    /// How 64 writers are spread.
    struct Spread: Sendable, CustomTestStringConvertible {
        let conversations: Int
        var testDescription: String { "64 writers in \(conversations) conversation(s)" }
    }

    @Test(
        "Invariant 4: seq and revision are gapless under 64 concurrent writers",
        arguments: StoreFactory.all,
        [Spread(conversations: 1), Spread(conversations: 7)]
    )
    func gapless(_ factory: StoreFactory, _ spread: Spread) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            var ids: [ConversationID] = []
            for _ in 0..<spread.conversations { ids.append(try await t.conversation(in: project.id).id) }
            let conversations = ids
            let rounds = 4
            let acknowledged = try await withThrowingTaskGroup(of: [Message].self) { group in
                for writer in 0..<64 {
                    group.addTask {
                        let id = conversations[writer % conversations.count]
                        let writerIdentity = writer % 2 == 0 ? Identity.alice : .bob
                        var messages: [Message] = []
                        for round in 0..<rounds {
                            let text = "writer \(writer) round \(round)"
                            let batch: [NewMessage] = [.user(text), .assistant(text)]
                            let stored = try await t.append(batch, to: id, as: writerIdentity).value
                            messages += stored
                            _ = try await react("👍", true, on: stored[0].id, in: id, t, as: writerIdentity)
                        }
                        return messages
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(acknowledged.count == 64 * rounds * 2)
            for id in conversations {
                let conversation = try await t.state(of: id)
                let log = try await t.log(id)
                let mine = acknowledged.filter { $0.conversationID == id }.sorted { $0.seq < $1.seq }
                #expect(log.map(\.seq) == Array(1...log.count))
                #expect(log.map(\.id) == mine.map(\.id))
                #expect(conversation.messageCount == log.count)
                // One for the conversation, one for each append, one for each reaction.
                #expect(conversation.revision == 1 + log.count + log.count / 2)
                // What an append took for its revision is nobody else's.
                #expect(Set(mine.map(\.revision)).count == mine.count)
                #expect(Set(log.map(\.revision)).count == log.count)
                #expect(log.map(\.revision).max() == conversation.revision)
                // The two of a batch stand side by side.
                for pair in stride(from: 0, to: log.count, by: 2) {
                    #expect(log[pair].content == log[pair + 1].content)
                }
            }
        }
    }

    @Test("Identical creates at the same time make one thing", arguments: StoreFactory.all)
    func identicalCreates(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let id: ConversationID = t.id()
            let input = NewConversation(id: id, title: "Once")
            let commits = try await withThrowingTaskGroup(of: Commit<Conversation>.self) { group in
                for _ in 0..<16 { group.addTask { try await t.store.createConversation(input, as: .alice) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(commits.filter { !$0.isReplay }.count == 1)
            #expect(commits.allSatisfy { $0.value.id == id })
            let messageID: MessageID = t.id()
            let appends = try await withThrowingTaskGroup(of: Commit<[Message]>.self) { group in
                for _ in 0..<16 { group.addTask { try await t.append([.user("once", id: messageID)], to: id) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(appends.filter { !$0.isReplay }.count == 1)
            #expect(Set(appends.map(\.value)).count == 1)
            #expect(try await t.log(id).count == 1)
        }
    }

    @Test("A person seen for the first time from everywhere gets one personal project", arguments: StoreFactory.all)
    func onePersonalProject(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let ids = try await withThrowingTaskGroup(of: ProjectID.self) { group in
                for call in 0..<32 {
                    group.addTask {
                        switch call % 4 {
                        case 0: return try await t.store.personalProject(as: .alice).id
                        case 1: return try await t.conversation().projectID
                        case 2: return try await t.begin("hello").value.conversation.projectID
                        default:
                            let page = try await t.store.projects(page: PageRequest(), as: .alice)
                            return try #require(page.elements.first).id
                        }
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await t.store.projects(page: PageRequest(), as: .alice).elements.count == 1)
        }
    }

    @Test(
        "Invariant 6: identical turns at the same time begin one reply, and one caller gets to write it",
        arguments: StoreFactory.all
    )
    func identicalTurns(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let id: MessageID = t.id()
            let turns = try await withThrowingTaskGroup(of: Commit<Turn>.self) { group in
                for _ in 0..<16 { group.addTask { try await t.begin("once", id: id) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(turns.filter { $0.value.lease != nil }.count == 1)
            #expect(turns.filter { !$0.isReplay }.count == 1)
            #expect(Set(turns.map(\.value.reply.id)).count == 1)
            #expect(Set(turns.map(\.value.conversation.id)).count == 1)
            let list = try await t.store.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
            #expect(list.elements.count == 1)
            #expect(list.elements.first?.messageCount == 2)
        }
    }

    @Test("Of many turns in one conversation at the same time one begins", arguments: StoreFactory.all)
    func oneTurnAtATime(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let id = try await t.conversation().id
            let refusals = await withTaskGroup(of: ParleyError.Code?.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        do {
                            _ = try await t.begin("turn \(number)", in: id)
                            return nil
                        } catch {
                            return (error as? ParleyError)?.code ?? .internalError
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refusals.filter { $0 == nil }.count == 1)
            #expect(refusals.filter { $0 == .replyInProgress }.count == 15)
            #expect(try await t.log(id).count == 2)
        }
    }
}
