import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("What becomes of old Redis data", .timeLimit(.minutes(10)))
struct MigrationRulesTests {
    private func with(_ body: (Migrating, MigrationRedis) async throws -> Void) async throws {
        try await MigrationRedis.with { redis in try await Migrating.with { try await body($0, redis) } }
    }

    private func said(_ role: String, _ content: String, _ time: String?, id: String? = nil, in session: String? = "s")
        -> JSON
    {
        var object: JSONObject = ["role": .string(role), "content": .string(content)]
        object["timestamp"] = time.map(JSON.string)
        object["id"] = id.map(JSON.string)
        object["session_id"] = session.map(JSON.string)
        return .object(object)
    }

    @Test("What stands in both places is one message, by its id, or by text and a time within a second")
    func bothPlaces() async throws {
        try await with { migrating, redis in
            try await redis.set("project:p:memory:message:1", said("user", "by id", "2024-05-01T09:00:00", id: "a"))
            try await redis.set("project:p:memory:message:2", said("ai_pm", "by time", "2024-05-01T09:00:01.400Z"))
            try await redis.set("project:p:memory:message:3", said("user", "late", "2024-05-01T09:00:05", id: "x"))
            try await redis.set("project:p:memory:message:4", said("ai_pm", "no time", nil))
            try await redis.set("project:p:memory:message:5", said("user", "by key", "2024-05-01T10:00:00"))
            try await redis.set(
                "session_s",
                [
                    "project_id": "p", "title": "Both",
                    "messages": [
                        said("user", "by id", "2024-05-02T09:00:00", id: "a"),
                        said("assistant", "by time", "2024-05-01T09:00:02"),
                        said("user", "late", "2024-05-01T09:00:07"),
                        said("assistant", "no time", "2024-05-01T09:00:08"),
                        said("user", "by key", nil, id: "5"),
                    ],
                ]
            )
            let account = try await migrating.apply(redis)
            #expect(account.addsUp)
            #expect(account.count(of: .merged) == 4)
            #expect(
                try await migrating.onlyLog() == [
                    "user: by id", "assistant: by time", "user: late", "user: late", "assistant: no time",
                    "user: by key",
                ]
            )
        }
    }

    @Test("The same text twice in one place, with ids of its own or without times, is two messages")
    func twice() async throws {
        try await with { migrating, redis in
            try await redis.set("project:p:memory:message:1", said("user", "ok", "2024-05-01T09:00:00", id: "a"))
            try await redis.set("project:p:memory:message:2", said("user", "ok", "2024-05-01T09:00:00", id: "b"))
            try await redis.set(
                "session_s",
                ["project_id": "p", "messages": [said("ai_pm", "so", nil), said("ai_pm", "so", nil)]]
            )
            let account = try await migrating.apply(redis)
            #expect(account.count(of: .merged) == 0)
            #expect(try await migrating.onlyLog().count == 4)
        }
    }

    @Test("An interaction is a question and an answer, which is kept whole; its text is the explanation")
    func interaction() async throws {
        try await with { migrating, redis in
            let answer: JSON = [
                "user_explanation": "Because.", "technical_instruction": "Do it.", "confidence": 87,
                "metadata": ["processing_time": .double(1.5), "model_info": ["model_name": "m-1"]],
            ]
            let id = "0b9f7f2e-5a6b-4c7d-8e9f-000000000001"
            try await redis.set(
                "project:p:memory:interaction:1",
                [
                    "user_message": "Why?", "ai_response": answer.text, "timestamp": 1_714_554_840,
                    "session_id": .string(id), "user_id": "Bob@Example.org",
                ]
            )
            let account = try await migrating.apply(redis)
            #expect(account.found == 2 && account.count(of: .imported) == 2)
            let log = try await migrating.log(try #require(ConversationID(id)))
            #expect(log.map(\.content) == ["Why?", "Because."])
            #expect(log.map(\.author) == [.person("bob"), nil])
            let reply = try #require(log.last)
            #expect(reply.aiResponse == answer)
            #expect(reply.confidence == 0.87 && reply.model == "m-1" && reply.latencyMilliseconds == 1500)
            #expect(reply.createdAt.description == "2024-05-01T09:14:00.000Z")
        }
    }

    @Test("What has no session goes to one conversation of its project, and another project's members never see it")
    func withoutSession() async throws {
        try await with { migrating, redis in
            try await redis.set("project:one:memory:message:1", said("user", "a", "2024-05-01T09:00:00", in: nil))
            try await redis.set("project:one:memory:message:2", said("user", "b", "2024-05-01T09:00:00", in: nil))
            try await redis.set("project:two:memory:message:1", said("user", "c", "2024-05-01T09:00:00", in: "s"))
            try await redis.set("project:one:memory:message:3", said("user", "d", "2024-05-01T09:00:00", in: "s"))
            try await redis.set("session_s", ["messages": [said("user", "e", "2024-05-01T09:00:09")]])
            let members = try MigrationMembers(
                parsing: Array(#"{"two": [{"email": "bob@example.org", "role": "viewer"}]}"#.utf8)
            )
            let account = try await migrating.apply(redis, members: members)
            #expect(account.addsUp && account.count(of: .imported) == 6)
            let seen = try await migrating.list(as: .bob)
            #expect(seen.count == 1)
            #expect(try await migrating.log(try #require(seen.first?.id)).map(\.content) == ["c"])
            let all = try await migrating.list()
            #expect(all.count == 4)
            let loose = try #require(all.first { $0.title == "Imported: without a session" })
            #expect(try await migrating.log(loose.id).map(\.content) == ["a", "b"])
            let names = try await migrating.store.projects(page: PageRequest(limit: 9), as: .alice).elements.map(\.name)
            #expect(Set(names) == ["Personal", "one", "two", "Imported: without a project"])
        }
    }

    @Test("Records without a time stand by their neighbours")
    func times() async throws {
        try await with { migrating, redis in
            try await redis.set(
                "session_s",
                [
                    "project_id": "p",
                    "messages": [
                        said("user", "1", nil), said("ai_pm", "2", "2024-05-01T09:00:00"), said("user", "3", "soon"),
                        said("ai_pm", "4", "2024-05-01T10:00:00Z"), said("user", "5", "2999-01-01T00:00:00"),
                    ],
                ]
            )
            let account = try await migrating.apply(redis)
            #expect(account.projects.map(\.estimatedTimes) == [3])
            #expect(try await migrating.onlyLog().map { $0.suffix(1) } == ["1", "2", "3", "4", "5"])
        }
    }

    @Test("What is no message has a reason, and what no chat wrote is left alone")
    func reasons() async throws {
        try await with { migrating, redis in
            try await redis.set("project:p:memory:message:role", said("king", "x", nil))
            try await redis.set("project:p:memory:message:text", ["role": "user", "content": ["x"]])
            try await redis.call("SET", "project:p:memory:message:half", "{\"role\":\"us")
            try await redis.call("SET", "project:p:memory:embedding:1", "[1,2]")
            try await redis.call("SET", "session_half", "{\"messages\":[{\"role\":")
            try await redis.set("session_empty", ["title": "Nothing was said"])
            try await redis.call("RPUSH", "session_list", "x")
            try await redis.set(
                "session_long",
                ["messages": [said("user", String(repeating: "x", count: 70_000), nil)]]
            )
            let account = try await migrating.apply(redis)
            #expect(account.addsUp && account.found == 9)
            #expect(
                account.reasons.mapValues(\.count) == [
                    "unknown_role": 1, "content_not_text": 1, "broken_json": 2, "not_message_data": 1,
                    "empty_session": 2, "wrong_type": 1, "text_too_long": 1,
                ]
            )
            #expect(try await migrating.conversations().isEmpty)
        }
    }

    @Test("Records of one message that say different things beside their text lose nothing")
    func filledUp() async throws {
        try await with { migrating, redis in
            var one = try #require(said("user", "hi", "2024-05-01T09:00:00", id: "a").objectValue)
            one["channel"] = "web"
            one["mood"] = "good"
            var other = try #require(said("user", "hi", "2024-05-01T09:00:00", id: "a").objectValue)
            other["channel"] = "phone"
            other["user_id"] = "bob@example.org"
            try await redis.set("project:p:memory:message:1", .object(one))
            try await redis.set("session_s", ["project_id": "p", "messages": [.object(other)]])
            _ = try await migrating.apply(redis)
            let message = try #require(try await migrating.conversations().first?.value.first)
            #expect(message.author == .person("bob"))
            let legacy = message.metadata["legacy"]
            #expect(legacy?["channel"] == "web" && legacy?["mood"] == "good")
            #expect(legacy?["also"]?.arrayValue?.first?["channel"] == "phone")
        }
    }
}
