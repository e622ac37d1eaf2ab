import HTTPTypes
import ParleyCore
import ParleyTesting
import Testing

@Suite("Conversations over HTTP")
struct ConversationRoutesTests {
    @Test("A conversation is made with its defaults, in the personal project")
    func create() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let answer = try await alice.post("/api/conversations")
            #expect(answer.status == .created)
            #expect(answer["title"] == "New Conversation")
            #expect(answer["owner"] == "alice@example.org")
            #expect(answer["status"] == "active")
            #expect(answer["pinned"] == false)
            #expect(answer["revision"] == 1)
            #expect(answer["message_count"] == 0)
            #expect(answer["metadata"] == [:])
            // What has no value is left out.
            for name in ["description", "preview", "last_message_at", "forked_from"] { #expect(answer[name] == nil) }
            let projects = try await alice.get("/api/projects")
            #expect(projects["projects"]?[0]?["id"] == answer["project_id"])
            #expect(projects["projects"]?[0]?["personal"] == true)
        }
    }

    @Test("The same create with the same id is answered with what the first made, other content is a conflict")
    func retry() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = JSON.string("018f0000-0000-7000-8000-00000000ABCD")
            let first = try await alice.post("/api/conversations", ["id": id, "title": "One"])
            #expect(first.status == .created)
            #expect(first["id"] == "018f0000-0000-7000-8000-00000000abcd")
            let again = try await alice.post("/api/conversations", ["id": id, "title": "One"])
            #expect(again.status == .ok)
            #expect(again.json == first.json)
            let other = try await alice.post("/api/conversations", ["id": id, "title": "Two"])
            #expect(other.status == .conflict)
            #expect(other.code == "idempotency_conflict")
            let mallory = try await parley.caller(.mallory)
            #expect(try await mallory.post("/api/conversations", ["id": id, "title": "One"]).status == .notFound)
        }
    }

    @Test("Invariant 7: a stale write gets 409 with the present revision and writes nothing")
    func stale() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            _ = try await alice.say("Hello", in: id)
            let stale = try await alice.patch("/api/conversations/\(id)", ["title": "Lost", "expected_revision": 1])
            #expect(stale.status == .conflict)
            #expect(stale.code == "stale")
            #expect(stale["error"]?["revision"] == 2)
            let deleted = try await alice.delete("/api/conversations/\(id)?expected_revision=1")
            #expect(deleted.code == "stale")
            let read = try await alice.get("/api/conversations/\(id)")
            #expect(read["title"] == "New Conversation")
            #expect(read["revision"] == 2)
        }
    }

    @Test("A list is paged by cursor, complete and in order")
    func list() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            var made: [String] = []
            for _ in 0..<7 { made.append(try await alice.makeConversation()) }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let answer = try await alice.get("/api/conversations?limit=3" + (cursor.map { "&cursor=\($0)" } ?? ""))
                #expect(answer.status == .ok)
                seen += (answer["conversations"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
                cursor = answer["next_cursor"]?.stringValue
            } while cursor != nil
            #expect(seen == made.reversed())
        }
    }

    @Test("A changed conversation can be filtered by status and found by title")
    func updateAndFilter() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation(["title": "Café in 東京", "description": "First"])
            _ = try await alice.makeConversation(["title": "Something else"])
            let changed = try await alice.patch(
                "/api/conversations/\(id)",
                ["status": "archived", "pinned": true, "description": .null, "metadata": ["a": 1]]
            )
            #expect(changed.status == .ok)
            #expect(changed["pinned"] == true)
            #expect(changed["description"] == nil)
            #expect(changed["metadata"] == ["a": 1])
            for query in ["status=archived", "q=cafe", "q=%E6%9D%B1%E4%BA%AC", "pinned=true", "pinned=true&q=cafe"] {
                let list = try await alice.get("/api/conversations?\(query)")
                #expect(list["conversations"]?.arrayValue?.compactMap { $0["id"]?.stringValue } == [id])
            }
            let wrong = try await alice.get("/api/conversations?pinned=perhaps")
            #expect(wrong.status == .badRequest)
            #expect(wrong.parameter == "pinned")
        }
    }

    @Test("A fork holds the messages up to the one named")
    func fork() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation(["title": "Source"])
            for text in ["one", "two", "three"] { _ = try await alice.say(text, in: id) }
            let fork = try await alice.post("/api/conversations/\(id)/fork", ["seq": 2])
            #expect(fork.status == .created)
            #expect(fork["forked_from"] == ["conversation_id": .string(id), "seq": 2])
            let forkID = try #require(fork["id"]?.stringValue)
            let read = try await alice.get("/api/conversations/\(forkID)")
            #expect(read["messages"]?.arrayValue?.map { $0["content"] } == ["one", "two"])
            let stale = try await alice.post("/api/conversations/\(id)/fork", ["seq": 2, "expected_revision": 1])
            #expect(stale.code == "stale")
            let past = try await alice.post("/api/conversations/\(id)/fork", ["seq": 4])
            #expect(past.status == .badRequest)
            #expect(past.parameter == "seq")
        }
    }

    @Test("Changes since a revision are told by revision, and a revision from the future is 410")
    func changes() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            for text in ["one", "two", "three"] { _ = try await alice.say(text, in: id) }
            let page = try await alice.get("/api/conversations/\(id)/changes?since_revision=1&limit=2")
            #expect(page["messages"]?.arrayValue?.map { $0["revision"] } == [2, 3])
            #expect(page["revision"] == 3)
            #expect(page["has_more"] == true)
            let rest = try await alice.get("/api/conversations/\(id)/changes?since_revision=3")
            #expect(rest["messages"]?.arrayValue?.map { $0["content"] } == ["three"])
            #expect(rest["revision"] == 4)
            #expect(rest["has_more"] == false)
            let ahead = try await alice.get("/api/conversations/\(id)/changes?since_revision=5")
            #expect(ahead.status == .gone)
            #expect(ahead.code == "resync")
        }
    }

    @Test("A draft is kept for its writer alone, and cleared when the message is sent")
    func drafts() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let empty = try await alice.get("/api/conversations/\(id)/draft")
            #expect(empty.json == ["text": ""])
            #expect(try await alice.put("/api/conversations/\(id)/draft", ["text": "half a"]).status == .ok)
            #expect(try await alice.get("/api/conversations/\(id)/draft")["text"] == "half a")
            _ = try await alice.say("half a sentence", in: id)
            #expect(try await alice.get("/api/conversations/\(id)/draft")["text"] == "")
            #expect(try await alice.put("/api/conversations/new/draft", ["text": "a new one"]).status == .ok)
            #expect(try await alice.get("/api/conversations/new/draft")["text"] == "a new one")
            let mallory = try await parley.caller(.mallory)
            #expect(try await mallory.get("/api/conversations/new/draft")["text"] == "")
        }
    }

    @Test("A deleted conversation is gone from reading, listing and search")
    func delete() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            _ = try await alice.say("unmistakable", in: id)
            #expect(try await alice.get("/api/search?q=unmistakable")["results"]?.arrayValue?.count == 1)
            let deleted = try await alice.delete("/api/conversations/\(id)")
            #expect(deleted.status == .ok)
            #expect(deleted.json == ["success": true])
            #expect(try await alice.get("/api/conversations/\(id)").status == .notFound)
            #expect(try await alice.get("/api/conversations")["conversations"] == [])
            #expect(try await alice.get("/api/search?q=unmistakable")["results"] == [])
        }
    }
}
