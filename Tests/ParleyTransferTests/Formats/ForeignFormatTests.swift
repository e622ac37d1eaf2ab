import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("Other programs' exports")
struct ForeignFormatTests {
    /// A node of ChatGPT's tree.
    private func node(
        _ id: String,
        _ parent: String?,
        _ role: String = "user",
        _ text: String? = nil,
        second: Double = 0,
        metadata: JSON = [:]
    ) -> (String, JSON) {
        var object: JSONObject = ["id": .string(id), "parent": parent.map(JSON.string) ?? .null]
        if let text {
            object["message"] = [
                "id": .string(id), "author": ["role": .string(role)],
                "create_time": .number(JSONNumber(1_690_000_000 + second) ?? JSONNumber(0)),
                "content": ["content_type": "text", "parts": [.string(text)]], "metadata": metadata,
                "status": "finished_successfully", "recipient": "all",
            ]
        } else {
            object["message"] = .null
        }
        return (id, .object(object))
    }

    private func chatgpt(_ title: String, current: String, _ nodes: [(String, JSON)]) -> JSON {
        var mapping = JSONObject()
        for (id, node) in nodes { mapping[id] = node }
        return [
            "title": .string(title), "conversation_id": .string("c-" + title), "create_time": 1_690_000_000,
            "update_time": 1_690_000_900, "current_node": .string(current), "mapping": .object(mapping),
        ]
    }

    private var branched: JSON {
        chatgpt(
            "Birds",
            current: "a3",
            [
                node("root", nil),
                node("hidden", "root", "system", "", metadata: ["is_visually_hidden_from_conversation": true]),
                node("q", "hidden", "user", "Which bird?", second: 1),
                node("a1", "q", "assistant", "A gull.", second: 2),
                node("a2", "q", "assistant", "A tern.", second: 3, metadata: ["model_slug": "gpt-4o"]),
                node("q2", "a2", "user", "Sure?", second: 4),
                node("q2b", "a2", "user", "Really?", second: 5),
                node("a3", "q2b", "assistant", "Yes.", second: 6),
                node("a4", "q2", "assistant", "No.", second: 7),
            ]
        )
    }

    @Test("A tree becomes what was on screen, with versions, and each other continuation a conversation of its own")
    func branches() async throws {
        let bring = Bringing()
        let account = try await bring(.chatgpt, [branched])
        #expect(account.found == 10, "nine nodes and the conversation")
        #expect(account.count(of: .imported) == 8 && account.count(of: .leftAlone) == 2)
        let main = try #require(try await bring.titled("Birds"))
        #expect(try await bring.texts(main) == ["Which bird?", "A tern.", "Really?", "Yes."])
        #expect(try await bring.versions(1, of: main) == ["A gull."])
        #expect(try await bring.versions(2, of: main) == ["Sure?"])
        let log = try await bring.log(main.id)
        #expect(log[0].author == Identity.alice.email && log[1].author == nil && log[1].model == "gpt-4o")
        #expect(log[1].metadata["version"] == 2)
        #expect(log[0].createdAt == Timestamp(microseconds: 1_690_000_001_000_000))
        #expect(main.updatedAt == Timestamp(microseconds: 1_690_000_900_000_000))
        let branch = try #require(try await bring.titled("Birds (branch)"))
        #expect(try await bring.texts(branch) == ["Which bird?", "A tern.", "Sure?", "No."])
        #expect(branch.forkedFrom == ForkOrigin(conversationID: main.id, seq: 2))
        #expect(account.items.allSatisfy { $0.outcome != .imported || $0.conversationID != nil })
    }

    @Test("The same again adds nothing, another person's import is theirs, and what has grown adds what is more")
    func again() async throws {
        let bring = Bringing()
        try await bring(.chatgpt, [branched])
        let before = try await bring.export()
        let again = try await bring(.chatgpt, [branched])
        #expect(again.count(of: .imported) == 0 && again.count(of: .alreadyThere) == 8)
        #expect(try await bring.export() == before)
        let bob = try await bring(.chatgpt, branched.serialized, as: .bob).account
        #expect(bob.count(of: .imported) == 8)

        let plain = chatgpt("Sea", current: "q", [node("q", nil, "user", "Salt?", second: 1)])
        let grown = chatgpt(
            "Sea",
            current: "a",
            [node("q", nil, "user", "Salt?", second: 1), node("a", "q", "assistant", "Much.", second: 2)]
        )
        try await bring(.chatgpt, [plain])
        let more = try await bring(.chatgpt, [grown])
        #expect(more.count(of: .imported) == 1)
        #expect(try await bring.texts(bring.titled("Sea")) == ["Salt?", "Much."])
        // A text that would be a version of what is there already is not lost without a word.
        let other = chatgpt(
            "Sea",
            current: "a",
            [
                node("q", nil, "user", "Salt?", second: 1), node("a", "q", "assistant", "Much.", second: 2),
                node("b", "q", "assistant", "None.", second: 3),
            ]
        )
        let put = try await bring(.chatgpt, [other])
        #expect(put.items.last?.outcome == .quarantined && put.items.last?.reason == .differs)
    }

    @Test("Code, tools, pictures and thoughts keep what they say")
    func kinds() async throws {
        let bring = Bringing()
        func message(_ role: String, _ content: JSON) -> JSON {
            ["author": ["role": .string(role), "name": "python"], "content": content, "create_time": 1_690_000_000]
        }
        let contents: [(String, JSON)] = [
            (
                "user",
                [
                    "content_type": "multimodal_text",
                    "parts": [
                        ["content_type": "image_asset_pointer", "asset_pointer": "file-service://x"], "What is it?",
                    ],
                ]
            ),
            ("assistant", ["content_type": "thoughts", "thoughts": [["summary": "Looking", "content": "A bird."]]]),
            ("assistant", ["content_type": "code", "language": "python", "text": "print('```')"]),
            ("tool", ["content_type": "execution_output", "text": "gull"]),
            ("assistant", ["content_type": "something_new", "result": "A gull."]),
            ("user", ["content_type": "user_editable_context", "user_profile": "x"]),
            ("robot", ["content_type": "text", "parts": ["?"]]),
        ]
        var mapping = JSONObject()
        for (index, content) in contents.enumerated() {
            mapping["\(index)"] = [
                "message": message(content.0, content.1), "parent": index == 0 ? .null : .string("\(index - 1)"),
            ]
        }
        let account = try await bring(
            .chatgpt,
            [
                ["id": "k", "title": "<script>alert(1)</script>\n", "mapping": .object(mapping), "current_node": "6"]
            ]
        )
        let conversation = try #require(try await bring.conversations().first)
        #expect(conversation.title == "<script>alert(1)</script>")
        #expect(
            try await bring.texts(conversation) == [
                "[image_asset_pointer: file-service://x]\n\nWhat is it?", "**Looking**\n\nA bird.",
                "````python\nprint('```')\n````", "gull", "A gull.",
            ]
        )
        #expect(try await bring.log(conversation.id).map(\.role) == [.user, .assistant, .assistant, .tool, .assistant])
        #expect(account.items.suffix(2).map(\.reason) == [.hidden, .unknownRole])
        let markdown = String(decoding: try await bring.export(.markdown), as: UTF8.self)
        #expect(markdown.contains("## &lt;script&gt;alert\\(1\\)&lt;/script&gt;"))
        #expect(markdown.contains("> A gull."))
    }

    @Test("Open WebUI's chats come with models, passages, tokens and failures")
    func openWebUI() async throws {
        let bring = Bringing()
        let chat: JSON = [
            "id": "w1", "title": "Weather", "archived": true, "pinned": false, "created_at": 1_690_000_000,
            "updated_at": 1_690_000_100,
            "chat": [
                "models": ["m"],
                "history": [
                    "currentId": "3",
                    "messages": [
                        "1": [
                            "id": "1", "parentId": .null, "role": "user", "content": "Rain?",
                            "timestamp": 1_690_000_001,
                        ],
                        "2": [
                            "id": "2", "parentId": "1", "role": "assistant", "content": "", "model": "m",
                            "error": ["content": "no connection"], "timestamp": 1_690_000_002,
                        ],
                        "3": [
                            "id": "3", "parentId": "1", "role": "assistant", "content": "Rain.", "model": "m",
                            "timestamp": 1_690_000_003, "usage": ["prompt_tokens": 3, "completion_tokens": 1],
                            "sources": [["source": ["name": "Almanac"], "document": ["It rains."]]],
                        ],
                    ],
                ],
            ],
        ]
        let account = try await bring(.openwebui, [chat])
        #expect(account.count(of: .imported) == 4)
        let conversation = try #require(try await bring.titled("Weather"))
        #expect(conversation.status == .archived)
        let log = try await bring.log(conversation.id)
        #expect(log.map(\.content) == ["Rain?", "Rain."])
        #expect(log[1].tokensUsed == TokenUsage(prompt: 3, completion: 1) && log[1].model == "m")
        #expect(log[1].contexts == [["title": "Almanac", "text": "It rains."]])
        #expect(try await bring.versions(1, of: conversation) == [""])
    }

    @Test("LibreChat's lists and trees are read alike, however deep", arguments: [true, false])
    func libreChat(isRecursive: Bool) async throws {
        let bring = Bringing()
        let count = 90
        func message(_ index: Int) -> JSONObject {
            [
                "messageId": .string("m\(index)"), "text": .string("text \(index)"),
                "parentMessageId": .string(index == 0 ? "00000000-0000-0000-0000-000000000000" : "m\(index - 1)"),
                "isCreatedByUser": .bool(index % 2 == 0), "model": "gpt-4o", "sender": "x",
            ]
        }
        var messages: [JSON] = (0..<count).map { .object(message($0)) }
        if isRecursive {
            var tree: JSON?
            for index in (0..<count).reversed() {
                var object = message(index)
                object["children"] = .array(tree.map { [$0] } ?? [])
                tree = .object(object)
            }
            messages = tree.map { [$0] } ?? []
        }
        let account = try await bring(
            .librechat,
            ["conversationId": "l", "title": "Long", "recursive": .bool(isRecursive), "messages": .array(messages)]
        )
        #expect(account.count(of: .imported) == count + 1)
        #expect(try await bring.texts(bring.titled("Long")) == (0..<count).map { "text \($0)" })
    }

    @Test("Parents that are missing, or lead in a circle, lose nothing")
    func circles() async throws {
        let bring = Bringing()
        let source = chatgpt(
            "Odd",
            current: "nowhere",
            [
                node("a", "b", "user", "one", second: 1), node("b", "a", "assistant", "two", second: 2),
                node("c", "gone", "user", "three", second: 3), node("d", "d", "user", "four", second: 4),
            ]
        )
        let account = try await bring(.chatgpt, [source, 7, ["id": "x"], "text"])
        #expect(account.count(of: .imported) == 5)
        #expect(account.items.suffix(3).allSatisfy { $0.outcome == .quarantined })
        var said = Set<String>()
        for conversation in try await bring.conversations() {
            for (index, text) in try await bring.texts(conversation).enumerated() {
                said.insert(text)
                said.formUnion(try await bring.versions(index, of: conversation))
            }
        }
        #expect(said == ["one", "two", "three", "four"])
    }

    @Test("An import is taken back; where somebody has gone on, only what it brought")
    func undo() async throws {
        let bring = Bringing()
        let (_, batch) = try await bring(.chatgpt, JSON.array([branched]).serialized)
        let main = try #require(try await bring.titled("Birds"))
        _ = try await bring.store.appendMessages(
            [.user("And now?")],
            to: main.id,
            expectedRevision: nil,
            as: .alice
        )
        #expect(try await bring.store.importBatches(as: .alice).map(\.id) == [batch])
        let undo = ImportUndo(bring.store, batches: bring.store)
        await #expect(throws: ParleyError.self) { try await undo(batch, as: .bob) }
        let account = try await undo(batch, as: .alice)
        #expect(account.conversations == 1 && account.messages == 8)
        #expect(account.left == [.init(id: main.id, reason: .continued, messages: 4)])
        #expect(try await bring.texts(bring.titled("Birds")) == ["", "", "", "", "And now?"])
        #expect(try await bring.titled("Birds (branch)") == nil)
        #expect(try await bring.store.importBatches(as: .alice).isEmpty)
        await #expect(throws: ParleyError.self) { try await undo(batch, as: .alice) }
    }

    @Test("What people made of an imported message stays when the import is taken back")
    func undoLeavesEdits() async throws {
        let bring = Bringing()
        let chats: [JSON] = ["Edited", "Reacted", "Deleted", "Renamed"].map { title in
            chatgpt(
                title,
                current: "a",
                [node("q", nil, "user", "Salt?", second: 1), node("a", "q", "assistant", "Much.", second: 2)]
            )
        }
        let (_, batch) = try await bring(.chatgpt, JSON.array(chats).serialized)
        var ids: [String: ConversationID] = [:]
        for conversation in try await bring.conversations() { ids[conversation.title] = conversation.id }
        let store = bring.store
        let edited = try #require(ids["Edited"])
        let answer = try await bring.log(edited)[1].id
        _ = try await store.editMessage(
            answer,
            in: edited,
            MessageChanges(content: "Rewritten."),
            expectedRevision: nil,
            as: .alice
        )
        let reacted = try #require(ids["Reacted"])
        let question = try await bring.log(reacted)[0].id
        _ = try await store.setReaction(
            "👍",
            present: true,
            on: question,
            in: reacted,
            expectedRevision: nil,
            as: .alice
        )
        let thinned = try #require(ids["Deleted"])
        _ = try await store.deleteMessage(
            bring.log(thinned)[0].id,
            in: thinned,
            expectedRevision: nil,
            as: .alice
        )
        let renamed = try #require(ids["Renamed"])
        _ = try await store.updateConversation(
            renamed,
            ConversationChanges(title: "Another name"),
            expectedRevision: nil,
            as: .alice
        )
        // Another import has added to one, and somebody has changed what that brought.
        bring.clock.advance(by: .seconds(1))
        let grown = chatgpt(
            "Edited",
            current: "c",
            [
                node("q", nil, "user", "Salt?", second: 1), node("a", "q", "assistant", "Much.", second: 2),
                node("b", "a", "user", "Sure?", second: 3), node("c", "b", "assistant", "Yes.", second: 4),
            ]
        )
        let (_, second) = try await bring(.chatgpt, JSON.array([grown]).serialized)
        bring.clock.advance(by: .seconds(1))
        _ = try await store.editMessage(
            bring.log(edited)[3].id,
            in: edited,
            MessageChanges(content: "No."),
            expectedRevision: nil,
            as: .alice
        )

        let undo = ImportUndo(store, batches: store)
        let account = try await undo(batch, as: .alice)
        #expect(account.conversations == 1 && account.messages == 5)
        #expect(Set(account.left.map(\.id)) == [edited, reacted, thinned])
        #expect(account.left.allSatisfy { $0.reason == .continued && $0.messages == 1 })
        #expect(try await bring.log(edited).map(\.content) == ["", "Rewritten.", "Sure?", "No."])
        #expect(try await bring.log(reacted).map(\.content) == ["Salt?", ""])
        #expect(try await bring.titled("Another name") == nil)
        let added = try await undo(second, as: .alice)
        #expect(added.left == [.init(id: edited, reason: .wasThere, messages: 1)])
        #expect(try await bring.log(edited).map(\.content) == ["", "Rewritten.", "", "No."])
    }
}
