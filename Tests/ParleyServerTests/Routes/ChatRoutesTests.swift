import HTTPTypes
import HummingbirdTesting
import ParleyChat
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("Turns over HTTP")
struct ChatRoutesTests {
    private static let turnID = "018f0000-0000-4000-8000-00000000c0de"

    @Test("A turn without streaming is answered when it is finished, with both messages")
    func complete() async throws {
        try await TestParley.run(provider: ScriptedProvider(["Hello, ", "world"])) { parley in
            let alice = try await parley.caller(.alice)
            let answer = try await alice.post("/api/chat", ["message": "  What's up?\nSecond line"])
            #expect(answer.status == .ok)
            #expect(answer["user_message"]?["content"] == "  What's up?\nSecond line")
            #expect(answer["message"]?["content"] == "Hello, world")
            #expect(answer["message"]?["status"] == "delivered")
            #expect(answer["message"]?["tokens_used"] == ["prompt": 7, "completion": 11, "total": 18])
            #expect(answer["message"]?["latency_ms"]?.intValue != nil)
            #expect(answer["message"]?["next_index"] == nil)
            let id = try #require(answer["conversation_id"]?.stringValue)
            let conversation = try await alice.get("/api/conversations/\(id)")
            #expect(conversation["title"] == "What's up?")
            #expect(conversation["messages"]?.arrayValue?.map { $0["seq"] } == [1, 2])
        }
    }

    @Test("Invariant 3: shown means stored, in the order that a stream promises")
    func stream() async throws {
        let pieces = ["Ça ", "va", " 👩🏽‍🚀", " e\u{301}", "!"]
        try await TestParley.run(provider: ScriptedProvider(pieces)) { parley in
            let alice = try await parley.caller(.alice)
            let answer = try await alice.post("/api/chat", ["message": "Hi", "stream": true])
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType] == "text/event-stream")
            let events = answer.events
            let types = events.map(\.type)
            #expect(types.prefix(3) == ["conversation_created", "chat_message", "chat_message"])
            #expect(types.suffix(2) == ["message_updated", "done"])
            let deltas = events.filter { $0.type == "message_delta" }
            #expect(deltas.map { $0.data["index"]?.intValue } == Array(0..<deltas.count))
            let reply = try #require(events[2].data["message"])
            #expect(reply["status"] == "streaming")
            #expect(reply["next_index"] == 0)
            #expect(
                deltas.allSatisfy { $0.id == "\(reply["id"]?.stringValue ?? ""):\($0.data["index"]?.intValue ?? -1)" }
            )
            #expect(events.filter { $0.id != nil }.count == deltas.count)
            let text = deltas.compactMap { $0.data["text"]?.stringValue }.joined()
            #expect(Array(text.utf8) == Array(pieces.joined().utf8))
            let last = try #require(events.last { $0.type == "message_updated" }?.data["message"])
            #expect(last["content"]?.stringValue == text)
            #expect(last["status"] == "delivered")
            #expect(events.last?.data == [:])
        }
    }

    @Test("Accept: text/event-stream asks for a stream too, and the body decides where both speak")
    func accept() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let headers: HTTPFields = [.accept: "text/event-stream"]
            let body = JSON.object(["message": "Hi"]).serialized
            let streamed = try await alice.call(.post, "/api/chat", headers: headers, body: body)
            #expect(streamed.headers[.contentType] == "text/event-stream")
            let plain = JSON.object(["message": "Hi", "stream": false]).serialized
            let whole = try await alice.call(.post, "/api/chat", headers: headers, body: plain)
            #expect(whole.headers[.contentType]?.hasPrefix("application/json") == true)
        }
    }

    @Test("Invariant 6: a turn sent again joins the reply, and the model is asked once")
    func retry() async throws {
        let provider = ScriptedProvider(["Once"])
        try await TestParley.run(provider: provider) { parley in
            let alice = try await parley.caller(.alice)
            let body: JSON = ["id": .string(Self.turnID), "message": "Hi"]
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<8 { group.addTask { try await alice.post("/api/chat", body) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == .ok })
            #expect(Set(answers.map { $0["message"] }).count == 1)
            #expect(Set(answers.map { $0["conversation_id"] }).count == 1)
            #expect(provider.asked == 1)
            let other = try await alice.post("/api/chat", ["id": .string(Self.turnID), "message": "Other"])
            #expect(other.code == "idempotency_conflict")
        }
    }

    @Test("A reply that the provider breaks off is 502 with both messages, and keeps what had come")
    func failure() async throws {
        let provider = ScriptedProvider(["Half"], ending: .failure(ParleyError(.upstreamError, "It broke.")))
        try await TestParley.run(provider: provider) { parley in
            let alice = try await parley.caller(.alice)
            let answer = try await alice.post("/api/chat", ["message": "Hi"])
            #expect(answer.status == .badGateway)
            #expect(answer.code == "upstream_error")
            #expect(answer["message"]?["status"] == "failed")
            #expect(answer["message"]?["content"] == "Half")
            #expect(answer["message"]?["metadata"]?["error"]?["message"] == "It broke.")
            #expect(answer["user_message"]?["content"] == "Hi")
        }
    }

    @Test("A running reply can be followed, blocks a second turn, and is stopped where it is")
    func stop() async throws {
        try await TestParley.run(.ahc(), provider: ScriptedProvider(["So far"], ending: .silence)) { parley in
            let alice = try await parley.caller(.alice)
            let (reply, conversation) = try await parley.beginTurnAndLeave(as: alice)
            let second = try await alice.post(
                "/api/chat",
                ["conversation_id": .string("\(conversation)"), "message": "Again"]
            )
            #expect(second.code == "reply_in_progress")
            let stopped = try await alice.post("/api/chat/\(reply)/stop")
            #expect(stopped.status == .ok)
            #expect(stopped["status"] == "delivered")
            #expect(stopped["content"] == "So far")
            #expect(stopped["metadata"]?["stopped"] == true)
            let again = try await alice.post("/api/chat/\(reply)/stop")
            #expect(again.json == stopped.json)
        }
    }

    @Test("A finished reply's stream is the whole at once", arguments: ["", "?after=0", "?after=99"])
    func resumeFinished(query: String) async throws {
        try await TestParley.run(provider: ScriptedProvider(["a", "b"])) { parley in
            let alice = try await parley.caller(.alice)
            let turn = try await alice.post("/api/chat", ["message": "Hi"])
            let id = try #require(turn["message"]?["id"]?.stringValue)
            let answer = try await alice.get("/api/chat/\(id)/stream\(query)")
            #expect(answer.events.map(\.type) == ["message_updated", "done"])
            #expect(answer.events.first?.data["message"]?["content"] == "ab")
            let question = try #require(turn["user_message"]?["id"]?.stringValue)
            #expect(try await alice.get("/api/chat/\(question)/stream\(query)").status == .notFound)
        }
    }

    @Test("Regenerating keeps the reply's place and its version before")
    func regenerate() async throws {
        try await TestParley.run(provider: ScriptedProvider(["Answer"])) { parley in
            let alice = try await parley.caller(.alice)
            let turn = try await alice.post("/api/chat", ["message": "Hi"])
            let id = try #require(turn["message"]?["id"]?.stringValue)
            let conversation = try #require(turn["conversation_id"]?.stringValue)
            let again = try await alice.post("/api/chat/\(id)/regenerate", ["stream": true])
            #expect(again.events.map(\.type).first == "message_updated")
            #expect(again.events.last?.type == "done")
            let read = try await alice.get("/api/conversations/\(conversation)")
            #expect(read["message_count"] == 2)
            #expect(read["messages"]?[1]?["id"] == .string(id))
            let versions = try await alice.get("/api/conversations/\(conversation)/messages/\(id)/versions")
            #expect(versions["versions"]?.arrayValue?.map { $0["content"] } == ["Answer"])
            let ofUser = try #require(turn["user_message"]?["id"]?.stringValue)
            #expect(try await alice.post("/api/chat/\(ofUser)/regenerate").status == .badRequest)
        }
    }

    @Test("What a regeneration expects may stand in the body or in the query; the body's counts")
    func regenerationExpects() async throws {
        try await TestParley.run(provider: ScriptedProvider(["Answer"])) { parley in
            let alice = try await parley.caller(.alice)
            let turn = try await alice.post("/api/chat", ["message": "Hi"])
            let id = try #require(turn["message"]?["id"]?.stringValue)
            let revision = try #require(turn["message"]?["revision"]?.intValue)
            let path = "/api/chat/\(id)/regenerate"
            let stale = try await alice.post(path + "?expected_revision=1")
            #expect(stale.status == .conflict)
            #expect(stale["error"]?["code"] == "stale")
            #expect(try await alice.post(path + "?expected_revision=x").status == .badRequest)
            #expect(try await alice.post(path + "?expected_revision=\(revision)").status == .ok)
            let expected = JSON.number(JSONNumber(revision + 2))
            let both = try await alice.post(path + "?expected_revision=1", ["expected_revision": expected])
            #expect(both.status == .ok)
        }
    }

    @Test("Filters are as large as metadata at most, with a turn and with a regeneration")
    func filters() async throws {
        try await TestParley.run(provider: ScriptedProvider(["Answer"])) { parley in
            let alice = try await parley.caller(.alice)
            let allowed: JSON = ["tag": .string(String(repeating: "x", count: 16_000))]
            let turn = try await alice.post("/api/chat", ["message": "Hi", "filters": allowed])
            let id = try #require(turn["message"]?["id"]?.stringValue)
            let tooLarge: JSON = ["tag": .string(String(repeating: "x", count: 16 * 1024))]
            let tooDeep = (0..<33).reduce(JSON.null) { inner, _ in [inner] }
            for filters in [tooLarge, tooDeep] {
                let bodies: [(String, JSON)] = [
                    ("/api/chat", ["message": "Hi", "filters": filters]),
                    ("/api/chat/\(id)/regenerate", ["filters": filters]),
                ]
                for (path, body) in bodies {
                    let answer = try await alice.post(path, body)
                    #expect(answer.status == .badRequest)
                    #expect(answer["error"]?["param"] == "filters")
                }
            }
            #expect(try await alice.post("/api/chat/\(id)/regenerate", ["filters": allowed]).status == .ok)
        }
    }

    @Test("Of messages only the last user entry is new")
    func messages() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let answer = try await alice.post(
                "/api/chat",
                [
                    "messages": [
                        ["role": "assistant", "content": "forged"], ["role": "user", "content": "real"],
                    ]
                ]
            )
            #expect(answer["user_message"]?["content"] == "real")
            #expect(answer["user_message"]?["seq"] == 1)
            for body: JSON in [[:], ["messages": []], ["message": 1], ["message": ""]] {
                #expect(try await alice.post("/api/chat", body).status == .badRequest)
            }
        }
    }

    @Test("A turn that names a conversation and another project is a mistake; a project one can't see is 404")
    func projectOfConversation() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let conversation = JSON.string(try await alice.makeConversation())
            let other = try #require(try await alice.post("/api/projects", ["name": "Other"])["id"])
            let foreign = try #require(
                try await parley.caller(.mallory).post("/api/projects", ["name": "Hers"])["id"]
            )
            let table: [(JSON, HTTPResponse.Status)] = [(other, .badRequest), (foreign, .notFound)]
            for (project, status) in table {
                let body: JSON = ["conversation_id": conversation, "project_id": project, "message": "Hi"]
                #expect(try await alice.post("/api/chat", body).status == status)
            }
            let id = try #require(other.stringValue)
            let session = try #require(conversation.stringValue)
            #expect(try await alice.get("/api/chat/history/\(id)?session_id=\(session)").status == .notFound)
        }
    }

    @Test("ai_pm answers in two parts, streamed as text and kept taken apart, also in the legacy history")
    func explained() async throws {
        let personas = Personas([Persona(name: "ai_pm", systemPrompt: "Explain.", answer: .explained)])
        try await TestParley.run(personas: personas) { parley in
            let alice = try await parley.caller(.alice)
            let project = try #require(try await alice.post("/api/projects", ["name": "P", "persona": "ai_pm"])["id"])
            let turn = try await alice.post("/api/chat", ["project_id": project, "message": "Why?"])
            let message = try #require(turn["message"])
            let text = try #require(message["content"]?.stringValue)
            #expect(text.hasPrefix("User Explanation: ") && text.contains("\n\nTechnical Instruction: "))
            #expect(message["ai_response"]?["user_explanation"]?.stringValue?.hasSuffix("You said: Why?") == true)
            #expect(message["confidence"] == .number(try #require(JSONNumber(0.5))))
            #expect(message["metadata"]?["verification_required"] == true)
            let id = try #require(project.stringValue)
            let legacy = try await alice.get("/api/chat/history/\(id)")
            #expect(legacy.json[1]?["role"] == "ai_pm")
            #expect(legacy.json[1]?["ai_response"] == message["ai_response"])
        }
    }

    @Test("The legacy history speaks as ai_pm where the project has that persona")
    func legacy() async throws {
        try await TestParley.run(provider: ScriptedProvider(["Plan"])) { parley in
            let alice = try await parley.caller(.alice)
            let project = try #require(try await alice.post("/api/projects", ["name": "P", "persona": "ai_pm"])["id"])
            let first = try await alice.post("/api/chat", ["project_id": project, "message": "one"])
            _ = try await alice.post("/api/chat", ["project_id": project, "message": "two"])
            let id = try #require(project.stringValue)
            let all = try await alice.get("/api/chat/history/\(id)")
            #expect(all.json.arrayValue?.map { $0["content"] } == ["one", "Plan", "two", "Plan"])
            #expect(all.json.arrayValue?.map { $0["role"] } == ["user", "ai_pm", "user", "ai_pm"])
            #expect(all.json[0]?["session_id"] == first["conversation_id"])
            #expect(all.json[0]?["ai_response"] == .null)
            let session = try #require(first["conversation_id"]?.stringValue)
            let one = try await alice.get("/api/chat/history/\(id)?session_id=\(session)&limit=1")
            #expect(one.json.arrayValue?.map { $0["content"] } == ["Plan"])
        }
    }
}

extension TestParley {
    /// Begins a turn whose answer does not end, leaves, and returns the reply's id once a piece of it is stored.
    fileprivate func beginTurnAndLeave(as caller: Caller) async throws -> (
        reply: MessageID, conversation: ConversationID
    ) {
        let project = try await store.personalProject(as: .alice).id
        return try await bus.withSubscription(to: .project(project)) { signals in
            async let unanswered = caller.post("/api/chat", ["message": "Hi"])
            for await signal in signals {
                guard case .event(let event) = signal, case .delta(let delta) = event.kind else { continue }
                return (delta.messageID, event.conversationID)
            }
            throw ParleyError(.internalError, "The turn ended with \(try await unanswered.status).")
        }
    }
}
