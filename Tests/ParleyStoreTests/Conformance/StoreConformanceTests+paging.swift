import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test(
        "A log is read forwards and backwards in whole, in pages of any size",
        arguments: StoreFactory.all,
        [1, 3, 7, 100]
    )
    func logPages(_ factory: StoreFactory, _ limit: Int) async throws {
        try await factory.withStore { t in
            let texts = (1...7).map { "message \($0)" }
            let (id, messages) = try await t.conversation(holding: texts)
            var forwards: [Message] = []
            var page = MessagePage(messages: [], hasMore: true)
            while page.hasMore {
                let range = MessageRange.after(forwards.last?.seq ?? 0)
                page = try await t.store.messages(in: id, range, limit: limit, as: .alice)
                #expect(page.messages.count <= limit)
                forwards += page.messages
            }
            #expect(forwards == messages)

            page = try await t.store.messages(in: id, .newest, limit: limit, as: .alice)
            var backwards = page.messages
            while page.hasMore {
                let first = try #require(backwards.first)
                page = try await t.store.messages(in: id, .before(first.seq), limit: limit, as: .alice)
                backwards = page.messages + backwards
            }
            #expect(backwards == messages)

            let whole = try await t.store.conversation(id, newestMessages: limit, as: .alice)
            #expect(whole.page.messages == Array(messages.suffix(limit)))
            #expect(whole.page.hasMore == (messages.count > limit))
            #expect(whole.conversation.messageCount == 7)
        }
    }

    @Test("A log's edges are empty pages without more", arguments: StoreFactory.all)
    func logEdges(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, _) = try await t.conversation(holding: ["only"])
            for range in [MessageRange.before(1), .after(1), .after(100), .before(0)] {
                let page = try await t.store.messages(in: id, range, limit: 10, as: .alice)
                #expect(page == MessagePage(messages: [], hasMore: false))
            }
            let before = try await t.store.messages(in: id, .before(100), limit: 10, as: .alice)
            #expect(before.messages.map(\.content) == ["only"])
            let none = try await t.conversation()
            let empty = try await t.store.conversation(none.id, newestMessages: 10, as: .alice)
            #expect(empty.page == MessagePage(messages: [], hasMore: false))
        }
    }

    @Test(
        "A project's newest messages are those of all its logs, without deleted ones",
        arguments: StoreFactory.all,
        [1, 4, 100]
    )
    func newestOfProject(_ factory: StoreFactory, _ limit: Int) async throws {
        try await factory.withStore { t in
            var logs: [ConversationID] = []
            for _ in 0..<3 { logs.append(try await t.conversation().id) }
            var appended: [Message] = []
            for number in 0..<9 {
                let message = NewMessage.user("message \(number)")
                let commit = try await t.store.appendMessages(
                    [message],
                    to: logs[number * number % 3],
                    expectedRevision: nil,
                    as: .alice
                )
                appended += commit.value
            }
            let deleted = appended.remove(at: 7)
            _ = try await t.store.deleteMessage(
                deleted.id,
                in: deleted.conversationID,
                expectedRevision: nil,
                as: .alice
            )
            let expected = appended.sorted {
                ($0.createdAt, $0.conversationID, $0.seq) < ($1.createdAt, $1.conversationID, $1.seq)
            }
            let project = try await t.store.personalProject(as: .alice).id
            let newest = try await t.store.newestMessages(in: project, limit: limit, as: .alice)
            #expect(newest == expected.suffix(limit))
        }
    }

    @Test("Conversations come newest first, ties by id descending, complete in pages", arguments: StoreFactory.all)
    func conversationPages(_ factory: StoreFactory) async throws {
        // A clock that stands still makes all times one, so only ids order them.
        for tick in [Duration.milliseconds(1), .zero] {
            try await factory.withStore(tick: tick) { t in
                let project = try await t.sharedProject()
                var made: [Conversation] = []
                for number in 0..<11 {
                    made.append(try await t.conversation(in: number % 3 == 0 ? project.id : nil))
                }
                let expected = made.sorted { ($0.updatedAt, $0.id) > ($1.updatedAt, $1.id) }
                for limit in [1, 4, 11, 100] {
                    let listed = try await t.all(limit: limit) {
                        try await t.store.conversations(ConversationFilter(), page: $0, as: .alice)
                    }
                    #expect(listed.map(\.id) == expected.map(\.id))
                }
                let filter = ConversationFilter(projectID: project.id)
                let shared = try await t.all(limit: 2) {
                    try await t.store.conversations(filter, page: $0, as: .bob)
                }
                #expect(shared.map(\.id) == expected.filter { $0.projectID == project.id }.map(\.id))
            }
        }
    }

    @Test(
        "A list that is read while others write misses and doubles nothing that stood still",
        arguments: StoreFactory.all
    )
    func pagingWhileOthersWrite(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            var made: [ConversationID] = []
            for _ in 0..<20 { made.append(try await t.conversation().id) }
            let still = Set(made)
            let expected = Array(made.reversed())
            let busy = try await t.conversation().id
            let (log, first) = try await t.conversation(holding: (1...20).map { "message \($0)" })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<30 {
                        try await t.say(["busy \(number)"], in: busy)
                        try await t.say(["more \(number)"], in: log)
                        _ = try await t.conversation()
                    }
                }
                for _ in 0..<4 {
                    group.addTask {
                        let listed = try await t.all(limit: 3) {
                            try await t.store.conversations(ConversationFilter(), page: $0, as: .alice)
                        }
                        #expect(listed.map(\.id).filter { still.contains($0) } == expected)
                    }
                    group.addTask {
                        let seqs = try await t.log(log).map(\.seq)
                        #expect(seqs == Array(1...seqs.count))
                        #expect(seqs.count >= first.count)
                        let found = try await t.all(limit: 3) {
                            try await t.store.search(
                                try #require(SearchQuery("message")),
                                in: nil,
                                page: $0,
                                as: .alice
                            )
                        }
                        #expect(found.map(\.message.seq) == Array((1...20).reversed()))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("A list is narrowed by status and by words of the title", arguments: StoreFactory.all)
    func filteredList(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let birds = try await t.conversation(title: "Birds of the coast")
            let cafes = try await t.conversation(title: "Cafés of the coast")
            let archived = ConversationChanges(status: .archived)
            _ = try await t.store.updateConversation(birds.id, archived, expectedRevision: nil, as: .alice)
            func list(_ status: ConversationStatus?, _ query: String?) async throws -> [ConversationID] {
                let filter = ConversationFilter(status: status, query: query.flatMap { SearchQuery($0) })
                return try await t.store.conversations(filter, page: PageRequest(), as: .alice).elements.map(\.id)
            }
            #expect(try await list(.active, nil) == [cafes.id])
            #expect(try await list(.archived, nil) == [birds.id])
            #expect(try await list(nil, "cafe") == [cafes.id])
            #expect(try await list(nil, "coa") == [birds.id, cafes.id])
            #expect(try await list(.active, "coast") == [cafes.id])
            #expect(try await list(nil, "coast of").isEmpty == false)
            #expect(try await list(nil, "\"coast of\"").isEmpty)
            let renamed = ConversationChanges(title: "Pelicans")
            _ = try await t.store.updateConversation(birds.id, renamed, expectedRevision: nil, as: .alice)
            #expect(try await list(nil, "birds").isEmpty)
            #expect(try await list(nil, "pelican") == [birds.id])
        }
    }

    @Test("A list is narrowed to what is pinned, or isn't", arguments: StoreFactory.all)
    func pinnedList(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let kept = try await t.conversation(title: "Kept at hand")
            let others = [try await t.conversation(title: "At hand"), try await t.conversation(title: "Far off")]
            let pinned = ConversationChanges(isPinned: true)
            _ = try await t.store.updateConversation(kept.id, pinned, expectedRevision: nil, as: .alice)
            func list(
                _ isPinned: Bool?,
                _ status: ConversationStatus? = .active,
                _ query: String? = nil
            ) async throws -> Set<ConversationID> {
                let query = query.flatMap { SearchQuery($0) }
                let filter = ConversationFilter(status: status, query: query, isPinned: isPinned)
                return Set(try await t.store.conversations(filter, page: PageRequest(), as: .alice).elements.map(\.id))
            }
            #expect(try await list(true) == [kept.id])
            #expect(try await list(true, nil) == [kept.id])
            #expect(try await list(false) == Set(others.map(\.id)))
            #expect(try await list(nil).count == 3)
            #expect(try await list(true, .active, "hand") == [kept.id])
            #expect(try await list(false, nil, "hand") == [others[0].id])
            let archived = ConversationChanges(status: .archived)
            _ = try await t.store.updateConversation(kept.id, archived, expectedRevision: nil, as: .alice)
            #expect(try await list(true).isEmpty)
            #expect(try await list(true, .archived) == [kept.id])
            #expect(try await list(false, .archived).isEmpty)
        }
    }

    @Test("Each listed conversation shows the beginning of its newest message", arguments: StoreFactory.all)
    func previews(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (id, messages) = try await t.conversation(holding: ["first", "second\n\nline"])
            func preview() async throws -> String? {
                try await t.store.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
                    .elements.first { $0.id == id }?.preview
            }
            #expect(try await preview() == "second line")
            #expect(try await t.state(of: id).preview == "second line")
            try await delete(messages[1].id, in: id, t)
            #expect(try await preview() == "first")
            try await delete(messages[0].id, in: id, t)
            #expect(try await preview() == nil)
            let lease = try await t.begin("question", in: id).value.requireLease()
            #expect(try await preview() == "question")
            _ = try await t.store.appendPieces(["an ", "answer"], at: 0, under: lease)
            #expect(try await preview() == "an answer")
            _ = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease)
            #expect(try await preview() == "an answer")
            try await t.say([String(repeating: "ä", count: 9000)], in: id)
            #expect(try await preview() == String(repeating: "ä", count: Limits.previewLength) + "…")
        }
    }
}
