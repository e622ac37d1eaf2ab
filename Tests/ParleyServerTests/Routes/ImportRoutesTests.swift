import HTTPTypes
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("Imports over HTTP")
struct ImportRoutesTests {
    private static let path = "/api/import?format=localstorage"
    private static let dump: JSON = [
        "chat_messages_s1": """
        [{"id":"1","type":"user","content":"Why is it cold?","createdAt":"2023-05-01T09:00:00Z"},
         {"id":"2","type":"ai","content":"Air is in it.","createdAt":"2023-05-01T09:00:05Z"},{"type":"ai"}]
        """,
        "chat-messages": "[{\"role\":\"user\",\"content\":\"Why is it cold?\"}]",
        "currentChatSession": "{\"id\":\"s1\",\"title\":\"The boiler\"}",
        "theme": "dark",
    ]

    @Test("A dump comes into the caller's personal project, with an account of each record; once")
    func account() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let answer = try await alice.post(Self.path, Self.dump)
            #expect(answer.status == .ok)
            #expect(answer["found"] == 6 && answer["imported"] == 3 && answer["merged"] == 1)
            #expect(answer["left_alone"] == 1 && answer["quarantined"] == 1 && answer["already_there"] == 0)
            #expect(answer["format"] == "localstorage" && answer["batch"]?.stringValue != nil)
            let place = try #require(answer["conversations"]?[0])
            #expect(place["title"] == "The boiler" && place["messages"] == 2)
            let id = try #require(place["id"]?.stringValue)
            #expect(
                answer["items"]?[2] == [
                    "key": "chat_messages_s1", "index": 2, "outcome": "quarantined", "reason": "no_content",
                ]
            )
            #expect(answer["items"]?[0]?["conversation_id"] == .string(id))
            let conversation = try await alice.get("/api/conversations/\(id)")
            #expect(conversation["messages"]?[1]?["created_at"] == "2023-05-01T09:00:05.000Z")
            #expect(conversation["messages"]?[0]?["author"] == nil)
            let personal = try await parley.store.personalProject(as: .alice).id
            #expect(conversation["project_id"] == .string(personal.description))

            let again = try await alice.post(Self.path, Self.dump)
            #expect(again["imported"] == 0 && again["already_there"] == 3)
            #expect(again["batch"] != answer["batch"])
            let bob = try await parley.caller(.bob)
            #expect(try await bob.get("/api/conversations/\(id)").status == .notFound)
            #expect(try await bob.post(Self.path, Self.dump)["imported"] == 3)
        }
    }

    @Test("What is no dump is refused, naming what is wrong")
    func refused() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            for path in ["/api/import", "/api/import?format=", "/api/import?format=csv"] {
                let answer = try await alice.post(path, Self.dump)
                #expect(answer.status == .badRequest)
                #expect(answer["error"]?["param"] == "format")
            }
            for body in ["", "[]", "{", "7"] {
                let answer = try await alice.call(.post, Self.path, body: Array(body.utf8))
                #expect(answer.status == .badRequest)
            }
            let deep = Array(String(repeating: "[", count: 100_000).utf8)
            #expect(try await alice.call(.post, Self.path, body: deep).status == .badRequest)
            #expect(try await parley.anonymous.post(Self.path, Self.dump).status == .unauthorized)
            let form = HTTPFields([HTTPField(name: .contentType, value: "text/plain")])
            #expect(
                try await alice.call(.post, Self.path, headers: form, body: [123, 125]).status == .unsupportedMediaType
            )
        }
    }

    @Test("Imports are counted for each person")
    func limited() async throws {
        try await TestParley.run(limiter: InProcessRateLimiter(clock: TestClock())) { parley in
            let alice = try await parley.caller(.alice)
            for _ in 0..<RateLimit.imports.burst {
                #expect(try await alice.post(Self.path, [:]).status == .ok)
            }
            #expect(try await alice.post(Self.path, [:]).status == .tooManyRequests)
            #expect(try await parley.caller(.bob).post(Self.path, [:]).status == .ok)
        }
    }
}

@Suite("Exports, and imports that are taken back, over HTTP")
struct ExportRoutesTests {
    @Test("What one has written comes out, goes away, and comes in again the same")
    func roundTrip() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let conversation = try await alice.makeConversation(["title": "Gulls"])
            for text in ["one", "two"] { _ = try await alice.say(text, in: conversation) }
            let export = try await alice.get("/api/export?format=jsonl")
            #expect(export.status == .ok && export.headers[.contentType] == "application/x-ndjson")
            #expect(export.headers[.contentDisposition] == "attachment; filename=\"parley-export.jsonl\"")
            #expect(export.text.split(separator: "\n").count == 5)
            let markdown = try await alice.get("/api/export?format=markdown&conversation_id=\(conversation)")
            #expect(markdown.text.contains("## Gulls\n") && markdown.text.contains("\n> two\n"))
            #expect(try await parley.caller(.bob).get("/api/export?format=jsonl").text.contains("Gulls") == false)
            let foreign = try await parley.caller(.bob).get("/api/export?format=jsonl&conversation_id=\(conversation)")
            #expect(foreign.status == .notFound)
            #expect(try await alice.get("/api/export").status == .badRequest)

            #expect(try await alice.delete("/api/conversations/\(conversation)").status == .ok)
            let lines = HTTPFields([HTTPField(name: .contentType, value: "application/x-ndjson")])
            let path = "/api/import?format=jsonl"
            let account = try await alice.call(.post, path, headers: lines, body: export.bytes)
            #expect(account.status == .ok && account["imported"] == 3 && account["already_there"] == 1)
            #expect(try await alice.get("/api/export?format=jsonl").bytes == export.bytes)

            let batch = try #require(account["batch"]?.stringValue)
            let listed = try await alice.get("/api/imports")
            #expect(listed["imports"]?[0]?["id"] == .string(batch) && listed["imports"]?[0]?["messages"] == 2)
            #expect(try await parley.caller(.bob).get("/api/imports")["imports"] == [])
            #expect(try await parley.caller(.bob).delete("/api/imports/\(batch)").status == .notFound)
            let undone = try await alice.delete("/api/imports/\(batch)")
            #expect(undone["conversations"] == 1 && undone["messages"] == 2 && undone["left"] == [])
            #expect(try await alice.get("/api/conversations/\(conversation)").status == .notFound)
            #expect(try await alice.get("/api/imports")["imports"] == [])
        }
    }

    @Test("Other programs' exports come in by their formats, and hostile ones don't")
    func formats() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let chat: JSON = [
                "id": "w", "title": "Weather",
                "chat": ["history": ["currentId": "1", "messages": ["1": ["role": "user", "content": "Rain?"]]]],
            ]
            let account = try await alice.post("/api/import?format=openwebui", [chat])
            #expect(account["imported"] == 2 && account["format"] == "openwebui")
            #expect(try await alice.post("/api/import?format=openwebui", [chat])["already_there"] == 2)
            let zip = HTTPFields([HTTPField(name: .contentType, value: "application/zip")])
            let broken = try await alice.call(
                .post,
                "/api/import?format=chatgpt",
                headers: zip,
                body: [0x50, 0x4B, 0x03, 0x04, 1, 2, 3]
            )
            #expect(broken.status == .badRequest)
            #expect(broken["error"]?["message"]?.stringValue?.hasPrefix("The archive can't be read") == true)
            let storage = "/api/import?format=localstorage"
            #expect(try await alice.call(.post, storage, headers: zip, body: [1]).status == .unsupportedMediaType)
            let form = HTTPFields([HTTPField(name: .contentType, value: "text/plain")])
            let plain = try await alice.call(.post, "/api/import?format=chatgpt", headers: form, body: [91, 93])
            #expect(plain.status == .unsupportedMediaType)
        }
    }
}
