import HTTPTypes
import ParleyCore
import ParleyTesting
import Testing

@Suite("Messages over HTTP")
struct MessageRoutesTests {
    @Test("A single message and a batch are both answered with the stored messages")
    func append() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let path = "/api/conversations/\(id)/messages"
            let single = try await alice.post(path, ["role": "user", "content": "Hello", "metadata": ["n": 1]])
            #expect(single.status == .created)
            let message = try #require(single["messages"]?[0])
            #expect(message["seq"] == 1)
            #expect(message["revision"] == 2)
            #expect(message["author"] == "alice@example.org")
            #expect(message["status"] == "delivered")
            #expect(message["is_edited"] == false)
            #expect(message["reactions"] == [])
            #expect(message["metadata"] == ["n": 1])
            let batch = try await alice.post(
                path,
                [
                    "messages": [
                        [
                            "role": "assistant", "content": "Hi", "confidence": 0, "model": "m",
                            "contexts": [["title": "t", "text": "x"]],
                        ],
                        ["role": "tool", "parts": [["type": "tool_result", "text": "42", "unknown": [1, .null]]]],
                    ]
                ]
            )
            #expect(batch.status == .created)
            #expect(batch["messages"]?.arrayValue?.map { $0["seq"] } == [2, 3])
            #expect(batch["messages"]?[0]?["author"] == nil)
            #expect(batch["messages"]?[1]?["content"] == "42")
            #expect(batch["messages"]?[1]?["parts"] == [["type": "tool_result", "text": "42", "unknown": [1, .null]]])
        }
    }

    @Test("A retry by id is 200 with the stored message, other content 409")
    func retry() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let conversation = try await alice.makeConversation()
            let path = "/api/conversations/\(conversation)/messages"
            let body: JSON = ["id": "018f0000-0000-4000-8000-000000000001", "role": "user", "content": "Once"]
            let first = try await alice.post(path, body)
            let again = try await alice.post(path, body)
            #expect(first.status == .created)
            #expect(again.status == .ok)
            #expect(again.json == first.json)
            let other = try await alice.post(
                path,
                ["id": "018f0000-0000-4000-8000-000000000001", "role": "user", "content": "Twice"]
            )
            #expect(other.code == "idempotency_conflict")
        }
    }

    @Test("What only the server may say is ignored")
    func massAssignment() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let answer = try await alice.post(
                "/api/conversations/\(id)/messages",
                [
                    "role": "user", "content": "x", "seq": 99, "revision": 99, "author": "bob@example.org",
                    "created_at": "1999-01-01T00:00:00Z", "status": "failed", "tokens_used": ["total": 1],
                ]
            )
            let message = try #require(answer["messages"]?[0])
            #expect(message["seq"] == 1)
            #expect(message["author"] == "alice@example.org")
            #expect(message["status"] == "delivered")
            #expect(message["tokens_used"] == nil)
            #expect(message["created_at"]?.stringValue?.hasPrefix("1999") == false)
        }
    }

    @Test("A log is read from its newest end, upward and downward")
    func ranges() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            for number in 1...6 { _ = try await alice.say("m\(number)", in: id) }
            let path = "/api/conversations/\(id)/messages"
            let table: [(String, [JSON], JSON)] = [
                ("?limit=2", [5, 6], true),
                ("?limit=2&before_seq=5", [3, 4], true),
                ("?limit=4&before_seq=5", [1, 2, 3, 4], false),
                ("?limit=2&after_seq=2", [3, 4], true),
                ("?after_seq=6", [], false),
            ]
            for (query, seqs, hasMore) in table {
                let answer = try await alice.get(path + query)
                #expect(answer["messages"]?.arrayValue?.compactMap { $0["seq"] } == seqs, "\(query)")
                #expect(answer["has_more"] == hasMore, "\(query)")
            }
        }
    }

    @Test("An edit keeps the text before, a deletion keeps the place")
    func editAndDelete() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let message = try await alice.say("first", in: id)
            let path = "/api/conversations/\(id)/messages/\(message)"
            let edited = try await alice.patch(path, ["content": "second"])
            #expect(edited["content"] == "second")
            #expect(edited["is_edited"] == true)
            let versions = try await alice.get(path + "/versions")
            #expect(versions["versions"]?.arrayValue?.map { $0["content"] } == ["first"])
            #expect(versions["versions"]?[0]?["author"] == "alice@example.org")
            let deleted = try await alice.delete(path)
            #expect(deleted["status"] == "deleted")
            #expect(deleted["content"] == "")
            #expect(deleted["seq"] == 1)
            #expect(try await alice.get(path + "/versions")["versions"] == [])
            #expect(try await alice.patch(path, ["content": "third"]).status == .forbidden)
        }
    }

    @Test("A reaction is put and taken back", arguments: ["👍", "👩🏽‍🚀", "+1", "a/b"])
    func reactions(emoji: String) async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let message = try await alice.say("hello", in: id)
            let encoded = emoji.utf8.map { "%" + String($0, radix: 16, uppercase: true) }.joined()
            let path = "/api/conversations/\(id)/messages/\(message)/reactions/\(encoded)"
            let put = try await alice.put(path)
            #expect(put["reactions"] == [["emoji": .string(emoji), "users": ["alice@example.org"]]])
            #expect(try await alice.delete(path)["reactions"] == [])
        }
    }

    @Test(
        "Bad fields are 400 and name the field",
        arguments: [
            (#"{"role":"user"}"#, "content"),
            (#"{"content":"x"}"#, "role"),
            (#"{"role":"robot","content":"x"}"#, "role"),
            (#"{"role":"user","content":5}"#, "content"),
            (#"{"role":"user","content":""}"#, "content"),
            (#"{"role":"user","content":"a\u0000b"}"#, "content"),
            (#"{"id":"nope","role":"user","content":"x"}"#, "id"),
            (#"{"role":"user","content":"x","metadata":[]}"#, "metadata"),
            (#"{"role":"user","content":"x","confidence":2}"#, "confidence"),
            (#"{"role":"user","content":"x","parts":["text"]}"#, "parts"),
            (#"{"messages":[]}"#, "messages"),
            (#"{"messages":[{"role":"user"}]}"#, "messages[0].content"),
            (#"{"role":"user","content":"x","expected_revision":"1"}"#, "expected_revision"),
            (#"{"role":"user","content":"x","expected_revision":-1}"#, "expected_revision"),
        ]
    )
    func badFields(body: String, field: String) async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let answer = try await alice.call(.post, "/api/conversations/\(id)/messages", body: Array(body.utf8))
            #expect(answer.status == .badRequest)
            #expect(answer.code == "invalid_request")
            #expect(answer.parameter == field)
            #expect(try await alice.get("/api/conversations/\(id)")["revision"] == 1)
        }
    }
}
