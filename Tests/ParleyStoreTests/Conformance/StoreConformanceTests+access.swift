import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    /// What a call is aimed at.
    struct Target: Sendable {
        let project: ProjectID
        let conversation: ConversationID
        let message: MessageID
        let reply: MessageID
    }

    /// One method of the ports, and what it needs.
    struct Call: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let needs: Access
        let run: @Sendable (any ConversationStore, Target, Identity) async throws -> Void

        init(
            _ name: String,
            _ needs: Access,
            _ run: @escaping @Sendable (any ConversationStore, Target, Identity) async throws -> Void
        ) {
            testDescription = name
            self.needs = needs
            self.run = run
        }
    }

    /// People by what they are in the project.
    struct Person: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let identity: Identity
        let role: Role?

        static let all = [
            Person(testDescription: "owner", identity: .alice, role: .owner),
            Person(testDescription: "editor", identity: .bob, role: .editor),
            Person(testDescription: "viewer", identity: .carol, role: .viewer),
            Person(testDescription: "stranger", identity: .mallory, role: nil),
            Person(testDescription: "nobody", identity: .nobody, role: nil),
        ]
    }

    @Test(
        "Invariant 1: every method does for each role what the role allows, and a stranger finds nothing there",
        arguments: StoreFactory.all,
        Call.all
    )
    func access(_ factory: StoreFactory, _ call: Call) async throws {
        for person in Person.all {
            try await factory.withStore { t in
                let target = try await scene(t)
                let before = try await footprint(t, target)
                let absent = Target(project: t.id(), conversation: t.id(), message: t.id(), reply: t.id())
                let label = Comment(rawValue: "\(person.testDescription) calls \(call.testDescription)")
                switch person.role {
                case let role? where role.allows(call.needs):
                    await #expect(throws: Never.self, label) { try await call.run(t.store, target, person.identity) }
                    return
                case .some:
                    let error = await expectError(.forbidden) {
                        try await call.run(t.store, target, person.identity)
                    }
                    #expect(error?.message == call.needs.refusal.message, label)
                case nil:
                    let foreign = await expectError(.notFound) {
                        try await call.run(t.store, target, person.identity)
                    }
                    let nothing = await expectError(.notFound) {
                        try await call.run(t.store, absent, person.identity)
                    }
                    #expect(foreign.map(VisibleError.init) == nothing.map(VisibleError.init), label)
                }
                #expect(try await footprint(t, target) == before, label)
            }
        }
    }

    @Test("Lists, search and drafts show nobody what is not theirs", arguments: StoreFactory.all)
    func listsAreOwn(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let target = try await scene(t)
            _ = try await t.store.setDraft("Alice's", in: target.conversation, as: .alice)
            _ = try await t.store.setDraft("Alice's new", in: nil, as: .alice)
            for person in Person.all {
                let identity = person.identity
                let list = try await t.store.conversations(ConversationFilter(), page: PageRequest(), as: identity)
                #expect(list.elements.contains { $0.id == target.conversation } == (person.role != nil))
                #expect(try await !t.search("pelican", as: identity).isEmpty == (person.role != nil))
                let projects = try await t.store.projects(page: PageRequest(), as: identity).elements
                #expect(projects.contains { $0.id == target.project } == (person.role != nil))
                #expect(projects.allSatisfy { $0.role(of: identity.email) != nil })
                #expect((try await t.store.draft(in: nil, as: identity) != nil) == (identity == .alice))
                guard person.role != nil, identity != .alice else { continue }
                #expect(try await t.store.draft(in: target.conversation, as: identity) == nil)
            }
        }
    }

    @Test("Who is removed from a project sees nothing of it any more", arguments: StoreFactory.all)
    func removedMemberIsAStranger(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let target = try await scene(t)
            _ = try await t.store.setDraft("Bob's", in: target.conversation, as: .bob)
            _ = try await t.store.removeMember(Identity.bob.email, from: target.project, as: .alice)
            await expectError(.notFound) { try await t.log(target.conversation, as: .bob) }
            #expect(try await t.search("pelican", as: .bob).isEmpty)
            _ = try await t.store.setMember(Identity.bob.email, role: .viewer, in: target.project, as: .alice)
            #expect(try await t.store.draft(in: target.conversation, as: .bob) == nil)
        }
    }

    /// A shared project with a conversation of a question and its answer.
    private func scene(_ t: StoreUnderTest) async throws -> Target {
        let project = try await t.sharedProject()
        _ = try await t.conversation(holding: ["not Alice's"], as: .mallory)
        let conversation = try await t.conversation(in: project.id)
        let turn = try await t.turn("pelican?", answer: ["a bird"], in: conversation.id)
        return Target(
            project: project.id,
            conversation: conversation.id,
            message: turn.turn.userMessage.id,
            reply: turn.reply.id
        )
    }

    /// All that a refused call must leave as it is.
    private func footprint(_ t: StoreUnderTest, _ target: Target) async throws -> [String] {
        let list = try await t.store.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
        return [
            "\(try await t.store.project(target.project, as: .alice))",
            "\(list.elements)",
            "\(try await t.log(target.conversation))",
        ]
    }
}
