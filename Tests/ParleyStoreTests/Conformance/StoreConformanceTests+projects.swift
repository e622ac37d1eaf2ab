import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("A personal project is its owner's alone, and stays", arguments: StoreFactory.all)
    func personalProject(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.store.personalProject(as: .alice)
            #expect(project.isPersonal && project.name == "Personal")
            #expect(project.members == [Member(email: Identity.alice.email, role: .owner)])
            #expect(try await t.store.personalProject(as: .alice) == project)
            #expect(try await t.store.project(project.id, as: .alice) == project)
            await expectError(.notFound) { try await t.store.project(project.id, as: .bob) }
            await expectError(.forbidden) {
                try await t.store.setMember(Identity.bob.email, role: .viewer, in: project.id, as: .alice)
            }
            await expectError(.forbidden) {
                try await t.store.removeMember(Identity.alice.email, from: project.id, as: .alice)
            }
            await expectError(.forbidden) { try await t.store.deleteProject(project.id, as: .alice) }
            #expect(try await t.store.personalProject(as: .bob).id != project.id)
        }
    }

    @Test("The list of projects begins with the personal one, made on the way", arguments: StoreFactory.all)
    func projectList(_ factory: StoreFactory) async throws {
        for tick in [Duration.milliseconds(1), .zero] {
            try await factory.withStore(tick: tick) { t in
                var made = try await t.store.projects(page: PageRequest(), as: .alice).elements
                #expect(made.map(\.isPersonal) == [true])
                for number in 0..<5 {
                    made.append(try await t.store.createProject(NewProject(name: "\(number)"), as: .alice).value)
                }
                _ = try await t.store.createProject(NewProject(name: "Bob's"), as: .bob)
                made[2] = try await t.store.updateProject(made[2].id, ProjectChanges(name: "changed"), as: .alice)
                let expected = made.sorted { ($0.updatedAt, $0.id) > ($1.updatedAt, $1.id) }
                for limit in [1, 2, 100] {
                    let listed = try await t.all(limit: limit) { try await t.store.projects(page: $0, as: .alice) }
                    #expect(listed == expected)
                }
            }
        }
    }

    @Test("A project's own fields change, and only when something does", arguments: StoreFactory.all)
    func updateProject(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let input = NewProject(name: "Birds", description: "of the coast", persona: "ai_pm")
            let commit = try await t.store.createProject(input, as: .alice)
            #expect(commit.changes.isEmpty && !commit.isReplay)
            let before = commit.value
            #expect(before.name == "Birds" && before.description == "of the coast" && before.persona == "ai_pm")
            #expect(!before.isPersonal && before.role(of: Identity.alice.email) == .owner)
            let same = ProjectChanges(name: "Birds", description: "of the coast")
            #expect(try await t.store.updateProject(before.id, same, as: .alice) == before)
            let changes = ProjectChanges(name: "Gulls", description: .some(nil))
            let after = try await t.store.updateProject(before.id, changes, as: .alice)
            #expect(after.name == "Gulls" && after.description == nil && after.persona == "ai_pm")
            #expect(after.updatedAt > before.updatedAt)
            #expect(try await t.store.project(before.id, as: .alice) == after)
        }
    }

    @Test("A project keeps an owner", arguments: StoreFactory.all)
    func lastOwner(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let alice = Identity.alice.email
            let bob = Identity.bob.email
            await expectError(.forbidden) {
                try await t.store.setMember(alice, role: .editor, in: project.id, as: .alice)
            }
            await expectError(.forbidden) { try await t.store.removeMember(alice, from: project.id, as: .alice) }
            #expect(try await t.store.project(project.id, as: .alice) == project)
            _ = try await t.store.setMember(bob, role: .owner, in: project.id, as: .alice)
            let without = try await t.store.removeMember(alice, from: project.id, as: .alice).value
            #expect(without.role(of: bob) == .owner && without.role(of: alice) == nil)
            await expectError(.notFound) { try await t.store.project(project.id, as: .alice) }
            await expectError(.forbidden) { try await t.store.removeMember(bob, from: project.id, as: .bob) }
        }
    }

    @Test("A write says who may see more or less by it, and says nothing else", arguments: StoreFactory.all)
    func accessNotices(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let store = t.store
            let input = NewProject(id: t.id(), name: "Birds")
            let made = try await store.createProject(input, as: .alice)
            let id = made.value.id
            #expect(made.notices == [.memberJoined(Identity.alice.email, id)])
            #expect(try await store.createProject(input, as: .alice).notices.isEmpty)
            let bob = Identity.bob.email
            func set(_ role: Role) async throws -> Commit<Project> {
                try await store.setMember(bob, role: role, in: id, as: .alice)
            }
            let joined = try await set(.viewer)
            #expect(joined.notices == [.memberJoined(bob, id)] && joined.changes.isEmpty)
            #expect(try await set(.viewer).notices.isEmpty)
            #expect(try await set(.editor).notices.isEmpty)
            let left = try await store.removeMember(bob, from: id, as: .alice)
            #expect(left.notices == [.memberLeft(bob, id)] && left.changes.isEmpty)
            #expect(try await set(.viewer).notices == [.memberJoined(bob, id)])
            #expect(try await store.removeMember(bob, from: id, as: .bob).notices == [.memberLeft(bob, id)])
            _ = try await t.conversation(in: id)
            let deleted = try await store.deleteProject(id, as: .alice)
            #expect(deleted.notices == [.projectDeleted(id)] && deleted.changes.count == 1)
        }
    }

    @Test("Of several who make the same person a member at once, one says so", arguments: StoreFactory.all)
    func joinRace(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject().id
            let email = EmailAddress.person("zoe")
            let notices = try await withThrowingTaskGroup(of: [AccessNotice].self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let role = number.isMultiple(of: 2) ? Role.viewer : .editor
                        return try await t.store.setMember(email, role: role, in: project, as: .alice).notices
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(notices == [.memberJoined(email, project)])
        }
    }

    @Test("Members stand in the order of their addresses, each once", arguments: StoreFactory.all)
    func members(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            // Someone who has never signed in can be a member.
            let zoe = EmailAddress.person("zoe")
            let aaron = EmailAddress.person("aaron")
            _ = try await t.store.setMember(zoe, role: .viewer, in: project.id, as: .alice)
            _ = try await t.store.setMember(aaron, role: .viewer, in: project.id, as: .alice)
            let changed = try await t.store.setMember(zoe, role: .editor, in: project.id, as: .alice).value
            let people = [aaron, Identity.alice.email, Identity.bob.email, Identity.carol.email, zoe]
            #expect(changed.members.map(\.email) == people)
            #expect(changed.members.map(\.role) == [.viewer, .owner, .editor, .viewer, .editor])
            let same = try await t.store.setMember(zoe, role: .editor, in: project.id, as: .alice).value
            #expect(same == changed)
            let zoeIdentity = Identity.person("zoe")
            let (id, _) = try await t.conversation(holding: ["hers"], in: project.id, as: zoeIdentity)
            let without = try await t.store.removeMember(zoe, from: project.id, as: .alice).value
            #expect(without.role(of: zoe) == nil)
            // What she wrote stays the project's.
            #expect(try await t.log(id).map(\.author) == [zoe])
            await expectError(.notFound) { try await t.store.removeMember(zoe, from: project.id, as: .alice) }
        }
    }

    @Test("A project has a bounded number of members", arguments: StoreFactory.all)
    func memberLimit(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.store.createProject(NewProject(name: "Many"), as: .alice).value
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1..<Limits.membersPerProject {
                    group.addTask {
                        let email = EmailAddress.person("person\(number)")
                        _ = try await t.store.setMember(email, role: .viewer, in: project.id, as: .alice)
                    }
                }
                try await group.waitForAll()
            }
            await expectError(.conflict) {
                try await t.store.setMember(.person("one-more"), role: .viewer, in: project.id, as: .alice)
            }
            // A role can still be changed.
            let changed = try await t.store.setMember(.person("person1"), role: .editor, in: project.id, as: .alice)
            #expect(changed.value.members.count == Limits.membersPerProject)
        }
    }

    @Test("A deleted project takes its conversations along, each with its change", arguments: StoreFactory.all)
    func deleteProject(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let first = try await t.conversation(holding: ["pelican"], in: project.id).id
            let second = try await t.begin("heron", in: try await t.conversation(in: project.id).id).value
            let (other, _) = try await t.conversation(holding: ["pelican"])
            let commit = try await t.store.deleteProject(project.id, as: .alice)
            let deleted: [ConversationID: Int] = commit.changes.reduce(into: [:]) { deleted, change in
                guard case .conversationDeleted(let conversation) = change else { return }
                deleted[conversation.id] = conversation.revision
            }
            #expect(commit.changes.count == 2)
            #expect(deleted == [first: 3, second.conversation.id: second.conversation.revision + 1])
            await expectError(.notFound) { try await t.store.project(project.id, as: .alice) }
            await expectError(.notFound) { try await t.log(first) }
            await expectError(.notFound) { try await t.conversation(in: project.id) }
            let lease = try second.requireLease()
            await expectError(.notFound) { try await t.store.appendPieces(["late"], at: 0, under: lease) }
            #expect(try await t.search("pelican").map(\.conversation.id) == [other])
            #expect(try await t.store.projects(page: PageRequest(), as: .bob).elements.allSatisfy(\.isPersonal))
        }
    }
}
