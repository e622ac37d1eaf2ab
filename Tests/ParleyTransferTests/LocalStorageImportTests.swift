import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("What lay in a browser's localStorage")
struct LocalStorageImportTests {
    private let bring = Importing()

    private static let session: JSON = [
        "id": "s1", "projectId": "p9", "title": "The boiler", "createdAt": "2023-05-01T08:59:00Z",
        "updatedAt": "2023-05-01T10:00:00Z", "colour": "red",
    ]

    @Test("Every field finds its place, or is kept as it was")
    func fields() async throws {
        let message: JSON = [
            "id": "m2", "sessionId": "s1", "userId": "Alice@Example.org", "projectId": "p9", "content": "Bleed it.",
            "type": "ai", "status": "error",
            "metadata": [
                "confidence": .number(try #require(JSONNumber(0.75))), "processingTime": 1840,
                "instructions": "Open V2.",
                "summary": "Air is in it.", "model": "gull-2", "verificationRequired": true, "colour": "blue",
            ],
            "createdAt": "2023-05-01T09:00:01.500+02:00", "updatedAt": 1_682_930_000, "isEdited": true,
            "reactions": [["emoji": "👍", "users": ["boss@example.org"]]], "extra": [1],
        ]
        var question = JSON.stored("m1", "user", "Why is it cold?").objectValue
        question?["userId"] = "Alice@Example.org"
        let mine = JSON.object(try #require(question))
        let account = try await bring([
            "chat_messages_s1": JSON.array([mine, message]).text.text,
            "currentChatSession": Self.session,
            "theme": "dark",
        ])
        #expect(
            account.summary == [
                "chat_messages_s1 0 imported", "chat_messages_s1 1 imported", "currentChatSession imported",
                "theme left_alone not_message_data",
            ]
        )
        let place = try #require(account.conversations.first)
        #expect(place.title == "The boiler" && place.messages == 2)
        let conversation = try #require(try await bring.conversations().first)
        #expect(conversation.createdAt == Timestamp("2023-05-01T07:00:01.500Z"))
        #expect(
            conversation.metadata == [
                "legacy": ["source": "localStorage", "id": "s1", "projectId": "p9", "colour": "red"]
            ]
        )
        let log = try await bring.log(place.id)
        #expect(log[0].author == Identity.alice.email)
        let answer = log[1]
        #expect(answer.role == .assistant && answer.author == nil && answer.content == "Bleed it.")
        #expect(answer.status == .failed && answer.isEdited && answer.reactions.isEmpty)
        #expect(answer.confidence == 0.75 && answer.latencyMilliseconds == 1840 && answer.model == "gull-2")
        #expect(answer.createdAt == Timestamp("2023-05-01T07:00:01.500Z"))
        #expect(answer.updatedAt == Timestamp(microseconds: 1_682_930_000_000_000))
        #expect(answer.aiResponse?["user_explanation"] == "Air is in it.")
        #expect(answer.aiResponse?["technical_instruction"] == "Open V2.")
        #expect(answer.metadata["verification_required"] == true)
        let legacy = try #require(answer.metadata["legacy"])
        #expect(legacy["id"] == "m2" && legacy["userId"] == "Alice@Example.org" && legacy["projectId"] == "p9")
        #expect(legacy["status"] == "error" && legacy["extra"] == [1] && legacy["key"] == "chat_messages_s1")
        #expect(legacy["metadata"] == ["processingTime": 1840, "colour": "blue"])
        #expect(legacy["reactions"]?.arrayValue?.first?["users"] == ["boss@example.org"])
    }

    @Test("Nobody is made to have said something")
    func strangersAreNotNamed() async throws {
        var record = JSON.stored("m1", "user", "I resign.").objectValue
        record?["userId"] = "boss@example.org"
        let account = try await bring(["chat_messages_s": [.object(try #require(record))]])
        let log = try await bring.log(try #require(account.conversations.first).id)
        #expect(log[0].author == nil)
        #expect(log[0].metadata["legacy"]?["userId"] == "boss@example.org")
    }

    @Test("What stands in two places is one message, whatever each of them lacks")
    func merged() async throws {
        let account = try await bring([
            "chat-messages": JSON.array([
                .shown("user", "older"), .shown("user", "ok"), .shown("assistant", "fine"), .shown("user", "ok"),
                .shown("assistant", "newest"),
            ]).text,
            "chat_messages_s1": JSON.array([
                .stored("a", "user", "ok"), .stored("b", "ai", "fine", at: "2023-05-01T09:00:05Z"),
                .stored("c", "user", "ok", at: "2023-05-01T09:01:00Z"),
            ]).text,
            "currentChatSession": Self.session.text,
        ])
        #expect(
            account.summary == [
                "chat-messages 0 imported", "chat-messages 1 merged", "chat-messages 2 merged",
                "chat-messages 3 merged", "chat-messages 4 imported", "chat_messages_s1 0 imported",
                "chat_messages_s1 1 imported", "chat_messages_s1 2 imported", "currentChatSession imported",
            ]
        )
        let log = try await bring.log(try #require(account.conversations.first).id)
        #expect(log.map(\.content) == ["older", "ok", "fine", "ok", "newest"])
        #expect(log.map(\.createdAt) == log.map(\.createdAt).sorted())
        #expect(log.last?.metadata["legacy"]?["time"] == "estimated")
        #expect(log.last?.createdAt == Timestamp("2023-05-01T09:01:00.001Z"))
        #expect(account.items[1].messageID == log[1].id)
    }

    @Test("Messages on screen go to the session that holds them all, or to a conversation of their own")
    func withoutSession() async throws {
        let whole = try await bring([
            "chat-messages": [.shown("user", "b"), .shown("assistant", "c")],
            "chat_messages_s0": [.stored("x", "user", "b")],
            "chat_messages_s1": [.stored("1", "user", "a"), .stored("2", "user", "b"), .stored("3", "ai", "c")],
        ])
        #expect(whole.conversations.map(\.messages) == [1, 3])
        #expect(whole.count(of: .merged) == 2)
        let alone = try await bring(
            [
                "chat-messages": [.shown("user", "b"), .shown("assistant", "z")],
                "chat_messages_s0": [.stored("x", "user", "b")],
            ],
            as: .bob
        )
        #expect(alone.conversations.map(\.messages) == [1, 2])
        #expect(alone.count(of: .merged) == 0)
        let log = try await bring.log(alone.conversations[1].id, as: .bob)
        #expect(log.map(\.createdAt) == [Importing.now + .milliseconds(-2), Importing.now + .milliseconds(-1)])
    }

    @Test("The same again adds nothing; what has grown meanwhile adds what is new; others make copies of their own")
    func again() async throws {
        let before: JSON = [
            "chat-messages": [.shown("user", "q1"), .shown("assistant", "a1"), .shown("user", "q2")],
            "chat_messages_s1": [.stored("1", "user", "q1"), .stored("2", "ai", "a1")],
            "currentChatSession": Self.session,
        ]
        let first = try await bring(before)
        let stored = try await bring.log(first.conversations[0].id)
        let second = try await bring(before)
        #expect(second.count(of: .imported) == 0)
        #expect(second.count(of: .alreadyThere) == 4 && second.count(of: .merged) == 2)
        #expect(try await bring.log(first.conversations[0].id) == stored)

        // What had been on screen only has got an id since, and the list on screen was cut off at its beginning.
        let third = try await bring([
            "chat-messages": [.shown("user", "q2"), .shown("assistant", "a2")],
            "chat_messages_s1": [
                .stored("1", "user", "q1"), .stored("2", "ai", "a1"), .stored("3", "user", "q2"),
                .stored("4", "ai", "a2"),
            ],
            "currentChatSession": Self.session,
        ])
        #expect(third.count(of: .imported) == 1)
        let log = try await bring.log(first.conversations[0].id)
        #expect(log.map(\.content) == ["q1", "a1", "q2", "a2"])
        #expect(Array(log.prefix(3)) == stored)

        let copy = try await bring(before, as: .bob)
        #expect(copy.count(of: .imported) == 4)
        #expect(copy.conversations[0].id != first.conversations[0].id)
        #expect(try await bring.log(first.conversations[0].id) == log)
    }

    @Test("Passages stand beside the last answer, and are not put beside one that is there without them")
    func passages() async throws {
        let messages: JSON = [.shown("user", "q"), .shown("assistant", "a"), .shown("user", "thanks")]
        let passages: JSON = [
            ["title": "Plan", "text": "Kitchen", "score": 1], "bare", ["content": "c", "source": "file"], 7,
        ]
        let dump: JSON = ["chat-contexts": passages.text, "chat-messages": messages.text]
        let account = try await bring(dump)
        #expect(
            account.summary.prefix(4) == [
                "chat-contexts 0 imported", "chat-contexts 1 imported", "chat-contexts 2 imported",
                "chat-contexts 3 quarantined not_a_passage",
            ]
        )
        let log = try await bring.log(account.conversations[0].id)
        #expect(
            log[1].contexts == [
                ["title": "Plan", "text": "Kitchen", "score": 1], ["title": "", "text": "bare"],
                ["source": "file", "text": "c", "title": "file"],
            ]
        )
        #expect(try await bring(dump).count(of: .imported) == 0)
        #expect(try await bring(dump).count(of: .quarantined) == 1)
        let others = try await bring(["chat-contexts": ["another"], "chat-messages": messages])
        #expect(others.summary[0] == "chat-contexts 0 quarantined differs")
        let alone = try await bring(["chat-contexts": ["lonely"]])
        #expect(alone.summary == ["chat-contexts 0 quarantined no_answer"])
        #expect(alone.conversations.isEmpty)
    }

    @Test("What can't be imported says why, and hinders nothing else")
    func quarantine() async throws {
        let account = try await bring([
            "chat-messages": "[{\"role\":\"user\"",
            "chat-contexts": "{}",
            "currentChatSession": "[1]",
            "chat_messages_": [.stored("1", "user", "x")],
            "chat_messages_undefined": [.stored("1", "user", "x")],
            "chat_messages_empty": "[]",
            "chat_messages_null": "null",
            "chat_messages_s": [
                5, ["role": "user"], ["role": "user", "content": ""], ["role": "user", "content": 5],
                ["role": "king", "content": "x"], .stored("1", "user", "a\u{0}b"),
                .stored("2", "user", String(repeating: "x", count: Limits.messageContentBytes + 1)),
                ["type": "ai", "content": "x", "metadata": ["big": .string(String(repeating: "x", count: 20_000))]],
                ["type": "ai", "content": "x", "status": "deleted"], .stored("ok", "ai", "fine"),
                .stored("ok", "ai", "fine"), .stored("ok", "ai", "another"),
            ],
            "chat_messages_cut": "[{\"type\":\"ai\",\"content\":\"half \\ud83d and \\\\ud83d \\ud83d\\ude00\"}]",
        ])
        #expect(
            account.summary == [
                "chat-messages quarantined broken_json", "chat-contexts quarantined not_an_array",
                "currentChatSession quarantined not_an_object", "chat_messages_ quarantined no_session",
                "chat_messages_undefined quarantined no_session", "chat_messages_empty left_alone empty",
                "chat_messages_null quarantined no_session",
                "chat_messages_s 0 quarantined not_an_object", "chat_messages_s 1 quarantined no_content",
                "chat_messages_s 2 quarantined no_content", "chat_messages_s 3 quarantined content_not_text",
                "chat_messages_s 4 quarantined unknown_role", "chat_messages_s 5 quarantined holds_nul",
                "chat_messages_s 6 quarantined text_too_long", "chat_messages_s 7 quarantined too_large",
                "chat_messages_s 8 quarantined was_deleted", "chat_messages_s 9 imported", "chat_messages_s 10 merged",
                "chat_messages_s 11 imported", "chat_messages_cut 0 imported",
            ]
        )
        let log = try await bring.log(account.conversations[0].id)
        #expect(log.map(\.content) == ["fine", "another"])
        let cut = try await bring.log(account.conversations[1].id)
        #expect(cut[0].content == "half \u{FFFD} and \\ud83d \u{1F600}")
    }

    @Test("A conversation that has gone where its importer may not write is put aside, and the rest comes")
    func outOfReach() async throws {
        let dump: JSON = [
            "chat_messages_a": [.stored("1", "user", "x")], "chat_messages_b": [.stored("1", "user", "y")],
        ]
        let first = try await bring(dump)
        let project = try await bring.store.createProject(NewProject(name: "P"), as: .alice).value
        let move = ConversationChanges(projectID: project.id)
        let id = first.conversations[0].id
        _ = try await bring.store.updateConversation(id, move, expectedRevision: nil, as: .alice)
        _ = try await bring.store.setMember(Identity.bob.email, role: .owner, in: project.id, as: .alice)
        _ = try await bring.store.setMember(Identity.alice.email, role: .viewer, in: project.id, as: .bob)
        let second = try await bring(dump)
        #expect(second.summary == ["chat_messages_a 0 quarantined no_access", "chat_messages_b 0 already_there"])
    }

    private static func plan(_ text: String) throws -> ImportPlan {
        let home: ProjectID = SequentialIDs(series: 9).make()
        return try LocalStorageImport.plan(
            Array(text.utf8),
            importer: .person("alice"),
            home: home,
            now: Importing.now
        )
    }

    @Test("What can't be read at all, or holds too much, is refused")
    func refused() async throws {
        for text in ["", "{", "[]", "7", String(repeating: "[", count: 100_000)] {
            #expect(throws: ParleyError.self) {
                try Self.plan(text)
            }
        }
        let many = "{\"chat-messages\":[" + String(repeating: "0,", count: Limits.importRecords) + "0]}"
        let tooMany = "[" + String(repeating: "0,", count: Limits.importValues + 1) + "0]"
        for text in [many, tooMany] {
            let error = #expect(throws: ParleyError.self) {
                try Self.plan(text)
            }
            #expect(error?.code == .payloadTooLarge)
        }
    }
}
