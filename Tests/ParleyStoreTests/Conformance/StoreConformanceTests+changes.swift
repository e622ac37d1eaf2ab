import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("Changes are all that changed since, as it is now, by revision", arguments: StoreFactory.all)
    func changesSince(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: ["a", "b", "c"])
            _ = try await edit(messages[0].id, in: id, MessageChanges(content: "A"), t)
            try await react("👍", true, on: messages[1].id, in: id, t)
            try await delete(messages[0].id, in: id, t)
            let log = try await t.log(id)
            let now = try await t.state(of: id)
            let byRevision = [log[2], log[1], log[0]]
            #expect(byRevision.map(\.revision) == [4, 6, 7])
            for since in [Int.min, -1, 0, 1, 3, 4, 5, 6, 7] {
                let page = try await t.store.changes(in: id, since: since, limit: 100, as: .alice)
                #expect(page.messages == byRevision.filter { $0.revision > since })
                #expect(page.revision == 7)
                #expect(!page.hasMore)
                #expect(page.conversation == now)
            }
            await expectError(.resync) { try await t.store.changes(in: id, since: 8, limit: 100, as: .alice) }
            await expectError(.resync) { try await t.store.changes(in: id, since: Int.max, limit: 100, as: .alice) }
        }
    }

    @Test("A change of the conversation alone shows by its revision", arguments: StoreFactory.all)
    func changesOfFields(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, _) = try await t.conversation(holding: ["a"])
            let changes = ConversationChanges(title: "Gulls")
            _ = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
            let page = try await t.store.changes(in: id, since: 2, limit: 100, as: .alice)
            #expect(page.messages.isEmpty)
            #expect(page.revision == 3)
            #expect(page.conversation.title == "Gulls")
        }
    }

    @Test(
        "Changes in pages of any size are the same, also while others write",
        arguments: StoreFactory.all,
        [1, 3, 100]
    )
    func changesInPages(_ factory: StoreFactory, _ limit: Int) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: (1...10).map { "\($0)" })
            for message in messages where message.seq % 3 == 0 { try await react("👍", true, on: message.id, in: id, t) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for message in messages { try await react("🎉", true, on: message.id, in: id, t) }
                    try await t.say(["last"], in: id)
                }
                group.addTask {
                    // Folds what comes, as a client does.
                    var known: [MessageID: Message] = [:]
                    var since = 0
                    while true {
                        let page = try await t.store.changes(in: id, since: since, limit: limit, as: .alice)
                        #expect(page.messages.map(\.revision) == page.messages.map(\.revision).sorted())
                        #expect(page.messages.allSatisfy { $0.revision > since && $0.revision <= page.revision })
                        #expect(page.messages.count <= limit)
                        if page.hasMore { #expect(page.messages.last?.revision == page.revision) }
                        for message in page.messages { known[message.id] = message }
                        since = page.revision
                        if !page.hasMore, known.count == 11, known.values.allSatisfy({ $0.isReacted || $0.seq == 11 }) {
                            break
                        }
                        await Task.yield()
                    }
                    #expect(known.values.sorted { $0.seq < $1.seq } == (try await t.log(id)))
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("A running reply is among the changes, with its text so far", arguments: StoreFactory.all)
    func changesWhileStreaming(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("question").value
            _ = try await t.store.appendPieces(["an ", "answer"], at: 0, under: try turn.requireLease())
            let page = try await t.store.changes(in: turn.conversation.id, since: 1, limit: 10, as: .alice)
            #expect(page.messages.map(\.content) == ["question", "an answer"])
            #expect(page.messages.last?.status == .streaming)
            #expect(page.messages.last?.nextIndex == 2)
            #expect(page.revision == turn.conversation.revision)
        }
    }
}

extension Message {
    fileprivate var isReacted: Bool { reactions.contains { $0.emoji == "🎉" } }
}
