import ParleyCore
import Testing

@testable import ParleyRedis

@Suite("Keys in Redis")
struct RedisKeysTests {
    @Test("stand where people and other instances look for them")
    func names() {
        let conversation = ConversationID(high: 1, low: 2)
        #expect(
            RedisKeys.messages(of: conversation) == "conversation:00000000-0000-0001-0000-000000000002:messages"
        )
        #expect(RedisKeys.budget("turns", of: "ada@example.org") == "limit:turns:ada@example.org")
        let project = ProjectID(high: 1, low: 2)
        #expect(RedisKeys.events(of: .project(project)) == "events:project:00000000-0000-0001-0000-000000000002")
        // printf ada@example.org | sha256sum
        #expect(
            RedisKeys.events(of: .person(EmailAddress(normalized: "ada@example.org")))
                == "events:person:cfe00dde-46ef-9426-01ff-afb9e2825e80"
        )
    }
}
