import ParleyCore
import ParleyTesting
import Testing

extension StoreUnderTest {
    /// What erases: the store that all compositions stand on.
    var erasure: any ErasureStore {
        get throws { try #require(usage as? any ErasureStore) }
    }

    /// A project of Alice's that keeps conversations for some days, with Bob and Carol in it.
    fileprivate func project(keeping days: Int?) async throws -> ProjectID {
        // From now on every clock that says what has expired is the test's.
        try await pass(.zero)
        let project = try await sharedProject()
        _ = try await store.updateProject(project.id, ProjectChanges(retentionDays: .some(days)), as: .alice)
        return project.id
    }

    /// Which conversations the list shows.
    fileprivate func listed(as identity: Identity = .alice) async throws -> Set<ConversationID> {
        let all = try await all(limit: 2) { page in
            try await store.conversations(ConversationFilter(), page: page, as: identity)
        }
        return Set(all.map(\.id))
    }
}

extension StoreConformanceTests {
    private static let day = Duration.seconds(86_400)

    /// Calls that are aimed at a project, and not at what has expired in it.
    private static let aimedAtProject: Set<String> = [
        "conversations in a project", "newestMessages", "search in a project", "project", "removeMember, oneself",
        "createConversation", "updateConversation, moving in", "importConversation, new",
        "beginTurn in a new conversation", "updateProject", "deleteProject", "setMember", "setMember, oneself",
        "removeMember, another",
    ]

    @Test("A project says for how many days it keeps conversations", arguments: StoreFactory.all)
    func retentionDays(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let input = NewProject(id: t.id(), name: "Brief", retentionDays: 30)
            let made = try await t.store.createProject(input, as: .alice)
            #expect(made.value.retentionDays == 30)
            #expect(try await t.store.createProject(input, as: .alice).isReplay)
            await expectError(.idempotencyConflict) {
                try await t.store.createProject(NewProject(id: input.id, name: "Brief"), as: .alice)
            }
            let id = made.value.id
            let same = try await t.store.updateProject(id, ProjectChanges(retentionDays: 30), as: .alice)
            #expect(same == made.value)
            let changed = try await t.store.updateProject(id, ProjectChanges(retentionDays: 1), as: .alice)
            #expect(changed.retentionDays == 1 && changed.updatedAt > same.updatedAt && changed.name == "Brief")
            let cleared = try await t.store.updateProject(id, ProjectChanges(retentionDays: .some(nil)), as: .alice)
            #expect(cleared.retentionDays == nil)
            #expect(try await t.store.project(id, as: .alice) == cleared)
            #expect(try await t.store.personalProject(as: .alice).retentionDays == nil)
        }
    }

    @Test("What has expired does not exist for any call, though its id stays taken", arguments: StoreFactory.all)
    func expiredIsGone(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.project(keeping: 2)
            let (id, messages) = try await t.conversation(holding: ["pelican", "gull"], in: project)
            let reply = try await t.turn("heron", answer: ["a grey one"], in: id).reply
            _ = try await t.store.setDraft("a draft", in: id, as: .alice)
            _ = try await t.store.setReadMark(1, in: id, as: .bob)
            try await t.pass(Self.day + Self.day / 2)
            #expect(try await t.log(id).count == 4)
            #expect(try await t.erasure.expiredConversations(limit: 10).isEmpty)
            try await t.pass(Self.day / 2)
            let target = Target(project: project, conversation: id, message: messages[0].id, reply: reply.id)
            let aimed = Call.all.filter { !Self.aimedAtProject.contains($0.testDescription) }
            #expect(aimed.count > 15)
            for call in aimed {
                let label = Comment(rawValue: call.testDescription)
                let error = await #expect(throws: ParleyError.self, label) {
                    try await call.run(t.store, target, .alice)
                }
                #expect(error?.code == .notFound, label)
            }
            #expect(try await !t.listed().contains(id))
            #expect(try await t.search("pelican").isEmpty)
            #expect(try await t.search("pelican", in: project).isEmpty)
            #expect(try await t.store.newestMessages(in: project, limit: 5, as: .alice).isEmpty)
            #expect(try await t.store.readMarks(of: [id], as: .bob).isEmpty)
            let query = SearchQuery("conversation")
            let titled = ConversationFilter(projectID: project, query: query)
            #expect(try await t.store.conversations(titled, page: PageRequest(), as: .alice).elements.isEmpty)
            await expectError(.notFound) {
                try await t.store.createConversation(NewConversation(id: id, projectID: project), as: .alice)
            }
            let expired = try await t.erasure.expiredConversations(limit: 10)
            #expect(expired.map(\.id) == [id] && expired.map(\.messageCount) == [4])
            #expect(expired.map(\.projectID) == [project])
        }
    }

    @Test("A change keeps a conversation, a longer time brings back what was not purged", arguments: StoreFactory.all)
    func keptByChanges(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.project(keeping: 2)
            let (kept, _) = try await t.conversation(holding: ["pelican"], in: project)
            let (left, _) = try await t.conversation(holding: ["gull"], in: project)
            let (other, _) = try await t.conversation(holding: ["heron"])
            try await t.pass(Self.day)
            try await t.say(["again"], in: kept)
            try await t.pass(Self.day)
            #expect(try await t.listed() == [kept, other])
            #expect(try await t.search("pelican").map(\.conversation.id) == [kept])
            let newest = try await t.store.newestMessages(in: project, limit: 5, as: .alice)
            #expect(newest.map(\.content) == ["pelican", "again"])
            _ = try await t.store.updateProject(project, ProjectChanges(retentionDays: 3), as: .alice)
            #expect(try await t.log(left).map(\.content) == ["gull"])
            // Who comes later is shown no more than the others.
            _ = try await t.store.updateProject(project, ProjectChanges(retentionDays: 1), as: .alice)
            _ = try await t.store.setMember(.person("dave"), role: .editor, in: project, as: .alice)
            #expect(try await t.listed(as: Identity(email: .person("dave"))) == [])
            _ = try await t.store.updateProject(project, ProjectChanges(retentionDays: .some(nil)), as: .alice)
            #expect(try await t.listed(as: .bob) == [kept, left])
        }
    }

    @Test("A reply that is being written keeps its conversation, and its end is a change", arguments: StoreFactory.all)
    func keptByReply(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.project(keeping: 1)
            let conversation = try await t.conversation(in: project).id
            let lease = try await t.begin("pelican", in: conversation).value.requireLease()
            try await t.pass(Self.day * 3)
            #expect(try await t.log(conversation).count == 2)
            #expect(try await t.erasure.expiredConversations(limit: 5).isEmpty)
            #expect(try await t.erasure.purgeExpired(limit: 5).value == 0)
            _ = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease)
            try await t.pass(Self.day / 2)
            #expect(try await t.log(conversation).count == 2)
            try await t.pass(Self.day / 2)
            await expectError(.notFound) { try await t.log(conversation) }
        }
    }

    @Test("A purge deletes what has expired, the longest so first, and nothing else", arguments: StoreFactory.all)
    func purge(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let brief = try await t.project(keeping: 1)
            let longer = try await t.project(keeping: 3)
            var made: [ConversationID] = []
            for text in ["one", "two", "three"] {
                made.append(try await t.conversation(holding: [text], in: brief).id)
            }
            let late = try await t.conversation(holding: ["four"], in: longer).id
            let stays = try await t.conversation(holding: ["five"]).id
            try await t.pass(Self.day * 3)
            let erasure = try t.erasure
            #expect(try await erasure.expiredConversations(limit: 2).map(\.id) == Array(made.prefix(2)))
            #expect(try await erasure.expiredConversations(limit: 9).map(\.id) == made + [late])
            let first = try await erasure.purgeExpired(limit: 2)
            #expect(first.value == 2 && first.changes.summary == ["deleted 3", "deleted 3"])
            let rest = try await erasure.purgeExpired(limit: 100)
            #expect(rest.value == 2)
            #expect(rest.changes.map(\.deletedID) == [made[2], late])
            #expect(try await erasure.purgeExpired(limit: 100).value == 0)
            #expect(try await t.listed() == [stays])
            // Now the id is free again.
            let input = NewConversation(id: made[0], projectID: brief)
            let again = try await t.store.createConversation(input, as: .alice)
            #expect(!again.isReplay)
        }
    }
}

extension Change {
    fileprivate var deletedID: ConversationID? {
        if case .conversationDeleted(let conversation) = self { conversation.id } else { nil }
    }
}
