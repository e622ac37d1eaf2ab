import ParleyCore
import ParleyTesting
import Testing

extension StoreUnderTest {
    /// What remembers imports: the store that all compositions stand on.
    fileprivate var batches: any ImportBatchStore {
        get throws { try #require(usage as? any ImportBatchStore) }
    }

    /// All that a batch did, page by page.
    fileprivate func items(of batch: ImportBatchID, as identity: Identity = .alice) async throws -> [ImportedItem] {
        var items: [ImportedItem] = []
        while true {
            let page = try await batches.importedItems(
                of: batch,
                after: items.last?.conversationID,
                limit: 1,
                as: identity
            )
            guard !page.isEmpty else { return items }
            items += page
        }
    }
}

extension StoreConformanceTests {
    private static let then = Timestamp(microseconds: 1_000_000_000_000_000)

    private func imported(_ texts: [String], batch: ImportBatchID?, _ t: StoreUnderTest) -> ImportedConversation {
        ImportedConversation(
            id: t.id(),
            title: "Birds",
            createdAt: Self.then,
            messages: texts.enumerated().map { index, text in
                ImportedMessage(
                    id: t.id(),
                    input: NewMessage(role: .user, content: text),
                    createdAt: Self.then + .seconds(index)
                )
            },
            batch: batch
        )
    }

    @Test("All that a conversation was elsewhere comes with it", arguments: StoreFactory.all)
    func importWhole(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            var input = imported(["pelican", "", "gull"], batch: nil, t)
            input.description = "of the sea"
            input.status = .archived
            input.isPinned = true
            input.hasGivenTitle = false
            input.forkedFrom = ForkOrigin(conversationID: t.id(), seq: 3)
            input.updatedAt = Self.then + .seconds(100)
            let versions = [
                MessageVersion(content: "pelikan", author: Identity.alice.email, createdAt: Self.then),
                MessageVersion(content: "", author: nil, createdAt: Self.then + .seconds(1)),
            ]
            input.messages[0].versions = versions
            input.messages[0].isEdited = true
            input.messages[0].updatedAt = Self.then + .seconds(50)
            input.messages[1].status = .deleted
            let made = try await t.store.importConversation(input, as: .alice).value.conversation
            #expect(made == (try await t.state(of: input.id)))
            #expect(made.description == "of the sea" && made.status == .archived && made.isPinned)
            #expect(made.forkedFrom == input.forkedFrom && made.updatedAt == input.updatedAt)
            #expect(made.lastMessageAt == Self.then + .seconds(2))
            let log = try await t.log(input.id)
            #expect(log.map(\.status) == [.delivered, .deleted, .delivered])
            #expect(log[1].content == "" && log[1].seq == 2)
            #expect(try await t.store.versions(of: log[0].id, in: input.id, as: .alice) == versions)
            #expect(try await t.store.versions(of: log[2].id, in: input.id, as: .alice).isEmpty)
            #expect(try await t.search("pelikan").isEmpty)
            #expect(try await t.search("gull").count == 1)
            // A program may go on naming it, since nobody has.
            #expect(try await t.store.improveTitle("Sea birds", of: input.id, as: .alice).value.title == "Sea birds")
            // The present text is as old as its last change, and the next edit comes behind the versions it came with.
            _ = try await edit(log[0].id, in: input.id, MessageChanges(content: "cormorant"), t)
            let later = try await t.store.versions(of: log[0].id, in: input.id, as: .alice)
            #expect(later.dropLast() == versions)
            #expect(later.last?.content == "pelican" && later.last?.createdAt == Self.then + .seconds(50))
            await expectError(.forbidden) { try await edit(log[1].id, in: input.id, MessageChanges(content: "x"), t) }
        }
    }

    @Test("A time of a last change that is still to come is now", arguments: StoreFactory.all)
    func importChangedInTheFuture(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            var input = imported(["one"], batch: nil, t)
            input.updatedAt = Timestamp(microseconds: 200_000_000_000_000_000)
            let made = try await t.store.importConversation(input, as: .alice).value.conversation
            #expect(try #require(input.updatedAt) > made.updatedAt && made.updatedAt > Self.then)
        }
    }

    @Test("What imports did is remembered, as long as it is there", arguments: StoreFactory.all)
    func importBatches(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            #expect(try await t.batches.importBatches(as: .alice).isEmpty)
            let (first, second): (ImportBatchID, ImportBatchID) = (t.id(), t.id())
            var one = imported(["a", "b"], batch: first, t)
            let two = imported(["c"], batch: first, t)
            let empty = imported([], batch: first, t)
            _ = try await t.store.importConversation(imported(["none"], batch: nil, t), as: .alice)
            for input in [one, two, empty, two] { _ = try await t.store.importConversation(input, as: .alice) }
            let items = try await t.items(of: first)
            #expect(items.map(\.conversationID) == [one, two, empty].map(\.id).sorted())
            #expect(items.allSatisfy { $0.isNew && $0.importer == Identity.alice.email && $0.batch == first })
            #expect(items.first { $0.conversationID == one.id }?.added == one.messages.map(\.id))
            let batch = try #require(try await t.batches.importBatches(as: .alice).first)
            #expect(batch.id == first && batch.conversations == 3 && batch.messages == 3)
            #expect(batch.createdAt == items.map(\.createdAt).min())

            // A second import adds to what the first made, in two calls.
            one.batch = second
            for text in ["d", "e"] {
                one.messages += imported([text], batch: second, t).messages
                _ = try await t.store.importConversation(one, as: .alice)
            }
            let added = try await t.items(of: second)
            #expect(added.count == 1 && added[0].isNew == false)
            #expect(added[0].added == one.messages.suffix(2).map(\.id))
            #expect(try await t.batches.importBatches(as: .alice).map(\.id) == [second, first])

            // Nobody else sees or forgets it.
            #expect(try await t.batches.importBatches(as: .mallory).isEmpty)
            #expect(try await t.items(of: first, as: .mallory).isEmpty)
            try await t.batches.forgetImportedItem(of: first, in: one.id, as: .mallory)
            #expect(try await t.items(of: first).count == 3)

            try await t.batches.forgetImportedItem(of: first, in: one.id, as: .alice)
            #expect(try await t.items(of: first).map(\.conversationID) == [two, empty].map(\.id).sorted())
            _ = try await t.store.deleteConversation(one.id, expectedRevision: nil, as: .alice)
            #expect(try await t.items(of: second).isEmpty)
            _ = try await t.store.deleteConversation(two.id, expectedRevision: nil, as: .alice)
            _ = try await t.store.deleteConversation(empty.id, expectedRevision: nil, as: .alice)
            #expect(try await t.batches.importBatches(as: .alice).isEmpty)
        }
    }
}
