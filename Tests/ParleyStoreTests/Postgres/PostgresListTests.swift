import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyPostgres

/// What the index on the hour could get wrong: lists over many hours, and many entries in one.
@Suite("PostgreSQL: lists over hours")
struct PostgresListTests {
    @Test("Conversations come newest first, complete in pages, over hours and within one", arguments: [1, 3, 7, 100])
    func recent(_ limit: Int) async throws {
        try await withPostgres { store, t, _ in
            var random = SplitMix64(seed: 7)
            var projects = [try await store.personalProject(as: .alice).id]
            for _ in 0..<2 { projects.append(try await t.sharedProject().id) }
            var ids: [ConversationID] = []
            for number in 0..<40 {
                t.clock.advance(by: .seconds(Int.random(in: 0...1, using: &random) * 2500))
                ids.append(try await t.conversation(in: projects[number % 3], title: "Fish \(number)").id)
            }
            for (number, id) in ids.shuffled(using: &random).prefix(20).enumerated() {
                t.clock.advance(by: .seconds(Int.random(in: 0...1, using: &random) * 2500))
                let changes = ConversationChanges(status: number % 2 == 0 ? .archived : .active, isPinned: true)
                _ = try await store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
            }
            var all: [Conversation] = []
            for id in ids { all.append(try await t.state(of: id)) }
            all.sort { ($0.updatedAt, $0.id) > ($1.updatedAt, $1.id) }
            for project in [nil] + projects.map(Optional.some) {
                for status in [nil, ConversationStatus.archived, .active] {
                    for query in [nil, SearchQuery("fish")] {
                        let filter = ConversationFilter(projectID: project, status: status, query: query)
                        let listed = try await t.all(limit: limit) {
                            try await store.conversations(filter, page: $0, as: .alice)
                        }
                        let expected = all.filter {
                            (project == nil || $0.projectID == project) && (status == nil || $0.status == status)
                        }
                        #expect(listed == expected, "\(filter)")
                        #expect(!expected.isEmpty)
                    }
                }
            }
        }
    }

    @Test("The few that were put away are found by an index of their own, not among all others")
    func archived() {
        #expect(ListStatement.recentArchived.contains("i.status = 'archived'"))
        #expect(!ListStatement.recentArchived.contains("i.status = $3"))
    }

    @Test("A project's newest messages are found among deleted ones, forks and logs that only changed")
    func newest() async throws {
        try await withPostgres { store, t, _ in
            var random = SplitMix64(seed: 11)
            let project = try await t.sharedProject().id
            var ids: [ConversationID] = []
            for _ in 0..<12 { ids.append(try await t.conversation(in: project).id) }
            for _ in 0..<60 {
                t.clock.advance(by: .seconds(Int.random(in: 0...3, using: &random) * 1500))
                try await t.say(["a", "b"], in: ids[Int.random(in: 0..<9, using: &random)])
            }
            for _ in 0..<4 {
                let source = ids[Int.random(in: 0..<9, using: &random)]
                let fork = try await store.forkConversation(source, ForkRequest(seq: 2), as: .alice).value
                ids.append(fork.id)
            }
            t.clock.advance(by: .seconds(10_000))
            for id in ids {
                let log = try await t.log(id)
                // Of some logs the newest go, of some all.
                for message in log.suffix(Int.random(in: 0...6, using: &random)) {
                    _ = try await store.deleteMessage(message.id, in: id, expectedRevision: nil, as: .alice)
                }
            }
            var all: [Message] = []
            for id in ids { all += try await t.log(id).filter { $0.status != .deleted } }
            all.sort { ($0.createdAt, $0.conversationID, $0.seq) < ($1.createdAt, $1.conversationID, $1.seq) }
            #expect(all.count > 60)
            for limit in [1, 2, 5, 20, 60, 500] {
                let found = try await store.newestMessages(in: project, limit: limit, as: .alice)
                #expect(found == Array(all.suffix(limit)), "\(limit)")
            }
        }
    }
}
