import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("A conversation that moves to another project in Redis")
struct RedisMoveTests {
    private func listed(_ t: StoreUnderTest, _ project: ProjectID) async throws -> [ConversationID] {
        let filter = ConversationFilter(projectID: project)
        return try await t.store.conversations(filter, page: PageRequest(), as: .alice).elements.map(\.id)
    }

    @Test("Interrupted after any of its steps it is finished or undone, and nothing of it is lost", arguments: 0..<40)
    func interrupted(_ calls: Int) async throws {
        try await withDyingStore(after: calls) { store, other, t, clock, client in
            let target = try await t.sharedProject().id
            let source = try await t.store.personalProject(as: .alice).id
            let (id, messages) = try await t.conversation(holding: ["pelican", "heron", "gull"])
            let changes = MessageChanges(content: "stork")
            _ = try await store.editMessage(messages[1].id, in: id, changes, expectedRevision: nil, as: .alice)
            _ = try await store.setDraft("a thought", in: id, as: .alice)
            _ = try await store.setReadMark(2, in: id, as: .alice)
            let before = try await t.log(id)

            let move = ConversationChanges(projectID: target)
            let isAcknowledged =
                (try? await other.updateConversation(id, move, expectedRevision: nil, as: .alice)) != nil
            // Whoever reads sees it once, whole, wherever it is.
            let read = try await t.log(id)
            #expect(read.map(\.content) == before.map(\.content))
            if isAcknowledged { #expect(read.allSatisfy { $0.projectID == target }) }
            // Whoever writes settles it, when enough time has gone by.
            clock.advance(by: .seconds(31))
            let said = try await t.say(["crane"], in: id)
            #expect(said[0].seq == 4)
            let after = try await t.log(id)
            #expect(after.map(\.content) == before.map(\.content) + ["crane"])
            let place = after[0].projectID
            #expect(place == source || place == target)
            #expect(try await listed(t, place) == [id])
            #expect(try await listed(t, place == source ? target : source).isEmpty)
            #expect(try await store.versions(of: messages[1].id, in: id, as: .alice).map(\.content) == ["heron"])
            #expect(try await store.readMarks(of: [id], as: .alice).map(\.seq) == [2])
            #expect(try await t.search("stork").map(\.message.projectID) == [place])
            #expect(
                try await store.changes(in: id, since: 4, limit: 10, as: .alice).messages.map(\.content) == [
                    "stork", "crane",
                ]
            )
            let again = try await store.updateConversation(id, move, expectedRevision: nil, as: .alice)
            #expect(again.value.projectID == target)
            #expect(try await listed(t, target) == [id])
            #expect(try await listed(t, source).isEmpty)
            // Nothing is left of it where it was, when the job has come round that goes on with what was interrupted.
            _ = try await store.purgeExpired(limit: 1)
            let left = try await client.send(["KEYS", .string(TruthKeys.project(source) + ":*\(id)*")]).elements
            #expect(left.compactMap(\.string) == [])
            let notes = try await client.send(["KEYS", "*:moving"]).elements
            #expect(notes.compactMap(\.string) == [])
        }
    }

    @Test("Its project deleted while it was on its way, it is gone, or it has arrived", arguments: 0..<40)
    func deletedOnItsWay(_ calls: Int) async throws {
        try await withDyingStore(after: calls) { store, other, t, clock, client in
            let source = try await t.sharedProject().id
            let target = try await t.sharedProject().id
            let made = try await store.createConversation(NewConversation(projectID: source), as: .alice).value.id
            try await t.say(["pelican", "heron"], in: made)
            let move = ConversationChanges(projectID: target)
            _ = try? await other.updateConversation(made, move, expectedRevision: nil, as: .alice)
            _ = try await store.deleteProject(source, as: .alice)
            clock.advance(by: .seconds(31))
            _ = try await store.purgeExpired(limit: 1)
            let listed = try await listed(t, target)
            if listed.isEmpty {
                let left = try await client.send(["KEYS", "*\(made)*"]).elements
                #expect(left.compactMap(\.string) == [])
                #expect(try await t.search("pelican").isEmpty)
            } else {
                #expect(listed == [made])
                #expect(try await t.log(made).map(\.content) == ["pelican", "heron"])
            }
            let notes = try await client.send(["KEYS", "*:moving"]).elements
            #expect(notes.compactMap(\.string) == [])
        }
    }
}
