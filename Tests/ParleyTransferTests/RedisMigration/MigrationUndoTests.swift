import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("Taking a migration back", .timeLimit(.minutes(10)))
struct MigrationUndoTests {
    @Test("A conversation stays in which somebody has edited, reacted or deleted; one that was only renamed goes")
    func changedSince() async throws {
        try await MigrationRedis.with { redis in
            for session in ["edited", "reacted", "deleted", "renamed"] {
                for minute in 1...2 {
                    let message: JSON = [
                        "role": "user", "content": .string("\(session) \(minute)"), "session_id": .string(session),
                        "timestamp": .string("2024-05-01T09:0\(minute):00Z"),
                    ]
                    try await redis.set("project:p:memory:message:\(session)\(minute)", message)
                }
            }
            try await Migrating.with { migrating in
                _ = try await migrating.backup(redis)
                _ = try await migrating.apply(redis)
                let store = migrating.store
                var kept = Set<ConversationID>()
                for (id, log) in try await migrating.conversations() {
                    let name = try #require(log.first?.content.split(separator: " ").first)
                    switch name {
                    case "edited":
                        let changes = MessageChanges(content: "Mine.")
                        _ = try await store.editMessage(log[0].id, in: id, changes, expectedRevision: nil, as: .alice)
                    case "reacted":
                        _ = try await store.setReaction(
                            "👍",
                            present: true,
                            on: log[1].id,
                            in: id,
                            expectedRevision: nil,
                            as: .alice
                        )
                    case "deleted":
                        _ = try await store.deleteMessage(log[0].id, in: id, expectedRevision: nil, as: .alice)
                    default:
                        let changes = ConversationChanges(title: "Another name")
                        _ = try await store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
                        continue
                    }
                    kept.insert(id)
                }
                let undone = try await migrating.undo(redis)
                #expect(Set(undone.kept) == kept && kept.count == 3 && undone.conversations == 1)
            }
        }
    }
}
