import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("A read mark is its reader's, goes forward only, and not past the end", arguments: StoreFactory.all)
    func readMarks(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let (id, _) = try await t.conversation(holding: ["one", "two", "three"], in: project.id)
            let before = try await t.state(of: id)
            #expect(try await t.store.readMarks(of: [id], as: .carol) == [])
            for (asked, reached, isNews) in [(0, 0, false), (2, 2, true), (1, 2, false), (2, 2, false), (9, 3, true)] {
                let commit = try await t.store.setReadMark(asked, in: id, as: .carol)
                let mark = ReadMark(conversationID: id, seq: reached)
                #expect(commit.value == mark)
                #expect(commit.changes == [])
                #expect(commit.notices == (isNews ? [.read(Identity.carol.email, mark)] : []))
                #expect(try await t.store.readMarks(of: [id], as: .carol) == (reached == 0 ? [] : [mark]))
            }
            #expect(try await t.store.readMarks(of: [id], as: .alice) == [])
            try await t.say(["four"], in: id)
            #expect(try await t.store.setReadMark(4, in: id, as: .carol).value.seq == 4)
            #expect(try await t.state(of: id).revision == before.revision + 1)
        }
    }

    @Test("Of several conversations, those that one sees and has read are told once", arguments: StoreFactory.all)
    func severalReadMarks(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            var ids: [ConversationID] = []
            for place in [project.id, project.id, nil] {
                let id = try await t.conversation(holding: ["one", "two"], in: place).id
                ids.append(id)
                _ = try await t.store.setReadMark(2, in: id, as: .alice)
            }
            _ = try await t.store.setReadMark(1, in: ids[0], as: .bob)
            let unread = try await t.conversation().id
            let asked = ids + [ids[0], unread, t.id()]
            let marks = try await t.store.readMarks(of: asked, as: .alice)
            #expect(marks.count == 3)
            #expect(Set(marks) == Set(ids.map { ReadMark(conversationID: $0, seq: 2) }))
            #expect(try await t.store.readMarks(of: asked, as: .bob) == [ReadMark(conversationID: ids[0], seq: 1)])
            #expect(try await t.store.readMarks(of: asked, as: .mallory) == [])
            #expect(try await t.store.readMarks(of: [], as: .alice) == [])
        }
    }

    @Test("A read mark goes with its conversation, and with its reader's membership", arguments: StoreFactory.all)
    func readMarksGo(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let (id, _) = try await t.conversation(holding: ["one"], in: project.id)
            for person in [Identity.alice, .bob] { _ = try await t.store.setReadMark(1, in: id, as: person) }
            _ = try await t.store.removeMember(Identity.bob.email, from: project.id, as: .alice)
            #expect(try await t.store.readMarks(of: [id], as: .bob) == [])
            _ = try await t.store.setMember(Identity.bob.email, role: .viewer, in: project.id, as: .alice)
            #expect(try await t.store.readMarks(of: [id], as: .bob) == [])
            #expect(try await t.store.readMarks(of: [id], as: .alice).count == 1)
            _ = try await t.store.deleteConversation(id, expectedRevision: nil, as: .alice)
            #expect(try await t.store.readMarks(of: [id], as: .alice) == [])
            await expectError(.notFound) { try await t.store.setReadMark(1, in: id, as: .alice) }
            _ = try await t.store.createConversation(NewConversation(id: id, projectID: project.id), as: .alice)
            #expect(try await t.store.readMarks(of: [id], as: .alice) == [])
        }
    }
}
