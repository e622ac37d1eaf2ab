import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("A draft is kept for its writer, until it is emptied", arguments: StoreFactory.all)
    func drafts(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let conversation = try await t.conversation(in: project.id)
            #expect(try await t.store.draft(in: conversation.id, as: .alice) == nil)
            let kept = try await t.store.setDraft("half a thought", in: conversation.id, as: .alice)
            let new = try await t.store.setDraft("a new one", in: nil, as: .alice)
            #expect(kept.text == "half a thought")
            #expect(try await t.store.draft(in: conversation.id, as: .alice) == kept)
            #expect(try await t.store.draft(in: nil, as: .alice) == new)
            #expect(try await t.store.draft(in: conversation.id, as: .bob) == nil)
            let later = try await t.store.setDraft("a whole thought", in: conversation.id, as: .alice)
            #expect(later.updatedAt > kept.updatedAt)
            #expect(try await t.store.setDraft("", in: conversation.id, as: .alice).text.isEmpty)
            #expect(try await t.store.draft(in: conversation.id, as: .alice) == nil)
            #expect(try await t.store.draft(in: nil, as: .alice) == new)
            #expect(try await t.state(of: conversation.id) == conversation)
        }
    }

    @Test("What was sent is no draft any more", arguments: StoreFactory.all)
    func sentDrafts(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let project = try await t.sharedProject()
            let id = try await t.conversation(in: project.id).id
            for person in [Identity.alice, .bob] {
                _ = try await t.store.setDraft("here", in: id, as: person)
                _ = try await t.store.setDraft("new", in: nil, as: person)
            }
            _ = try await t.append([.assistant("not a person's")], to: id)
            #expect(try await t.store.draft(in: id, as: .alice)?.text == "here")
            try await t.say(["here"], in: id)
            #expect(try await t.store.draft(in: id, as: .alice) == nil)
            #expect(try await t.store.draft(in: id, as: .bob)?.text == "here")
            #expect(try await t.store.draft(in: nil, as: .alice)?.text == "new")
            _ = try await t.begin("new")
            #expect(try await t.store.draft(in: nil, as: .alice) == nil)
            _ = try await t.begin("here", in: id, as: .bob)
            #expect(try await t.store.draft(in: id, as: .bob) == nil)
            #expect(try await t.store.draft(in: nil, as: .bob)?.text == "new")
        }
    }

    @Test("A retry clears no draft that was begun since", arguments: StoreFactory.all)
    func retryKeepsDraft(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let id = try await t.conversation().id
            let message = NewMessage.user("sent", id: t.id())
            _ = try await t.append([message], to: id)
            _ = try await t.store.setDraft("the next", in: id, as: .alice)
            #expect(try await t.append([message], to: id).isReplay)
            #expect(try await t.store.draft(in: id, as: .alice)?.text == "the next")
        }
    }
}
