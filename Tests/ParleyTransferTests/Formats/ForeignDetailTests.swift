import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("What other programs' exports say beside the texts")
struct ForeignDetailTests {
    private func node(
        _ id: String,
        _ parent: String?,
        _ role: String,
        _ text: String,
        second: Int,
        metadata: JSON = [:]
    ) -> (String, JSON) {
        (
            id,
            [
                "parent": parent.map(JSON.string) ?? .null,
                "message": [
                    "author": ["role": .string(role)], "content": ["parts": [.string(text)]], "metadata": metadata,
                    "create_time": .number(JSONNumber(1_690_000_000 + second)),
                ],
            ]
        )
    }

    private func chatgpt(_ title: String, current: String, _ nodes: [(String, JSON)]) -> JSON {
        var mapping = JSONObject()
        for (id, node) in nodes { mapping[id] = node }
        return [
            "title": .string(title), "id": .string(title), "current_node": .string(current),
            "mapping": .object(mapping),
        ]
    }

    private func openwebui(_ title: String, _ chat: JSON) -> JSON {
        ["id": .string(title), "title": .string(title), "chat": chat]
    }

    // MARK: Versions

    @Test("A version's model, marks and passages are kept beside it, or named where there is no room")
    func versions() async throws {
        let bring = Bringing()
        try await bring(
            .chatgpt,
            [
                chatgpt(
                    "V",
                    current: "c",
                    [
                        node("q", nil, "user", "Which?", second: 1),
                        node(
                            "a",
                            "q",
                            "assistant",
                            "One.",
                            second: 2,
                            metadata: ["model_slug": "other", "citations": [["k": "cited"]]]
                        ),
                        node(
                            "b",
                            "q",
                            "assistant",
                            "Two.",
                            second: 3,
                            metadata: ["model_slug": "large", "x": .string(String(repeating: "x", count: 12_000))]
                        ),
                        node("c", "q", "assistant", "Three.", second: 4),
                    ]
                )
            ]
        )
        let conversation = try #require(try await bring.titled("V"))
        #expect(try await bring.versions(1, of: conversation) == ["One.", "Two."])
        let kept = try await bring.log(conversation.id)[1].metadata["imported"]?["versions"]?.arrayValue ?? []
        #expect(kept.map { $0["version"] } == [1, 2])
        #expect(kept.map { $0["model"] } == ["other", "large"])
        #expect(kept.first?["metadata"]?["citations"] == [["k": "cited"]])
        #expect(kept.last?["left_out"] == ["metadata"])

        let many = (0..<400).map { index in
            node("a\(index)", "q", "assistant", "\(index)", second: 2 + index, metadata: ["model_slug": "other"])
        }
        let wide = chatgpt("W", current: "a399", [node("q", nil, "user", "Which?", second: 1)] + many)
        let account = try await bring(.chatgpt, [wide])
        #expect(account.count(of: .imported) == 402)
        let metadata = try await bring.log(#require(bring.titled("W")).id)[1].metadata
        #expect(metadata["imported"]?["left_out"] == ["versions"])
        #expect(metadata.serializedBytes <= Limits.metadataBytes / 4 * 3)
    }

    @Test("An answer that failed and was asked again keeps its error")
    func failedVersion() async throws {
        let bring = Bringing()
        let chat: JSON = [
            "history": [
                "currentId": "3",
                "messages": [
                    "1": ["role": "user", "content": "Rain?", "timestamp": 1_690_000_001],
                    "2": [
                        "parentId": "1", "role": "assistant", "content": "", "model": "m",
                        "error": ["content": "no connection"], "timestamp": 1_690_000_002,
                    ],
                    "3": ["parentId": "1", "role": "assistant", "content": "Rain.", "timestamp": 1_690_000_003],
                ],
            ]
        ]
        try await bring(.openwebui, [openwebui("F", chat)])
        let log = try await bring.log(#require(bring.titled("F")).id)
        #expect(
            log[1].metadata["imported"]?["versions"] == [
                [
                    "version": 1, "id": "2", "status": "failed", "model": "m",
                    "error": ["content": "no connection"],
                ]
            ]
        )
    }

    // MARK: Open WebUI

    @Test("Open WebUI's list of messages counts where the tree lacks them")
    func list() async throws {
        let bring = Bringing()
        let one: JSON = ["id": "1", "role": "user", "content": "one", "timestamp": 1_690_000_001]
        let two: JSON = [
            "id": "2", "parentId": "1", "role": "assistant", "content": "two", "timestamp": 1_690_000_002,
        ]
        let three: JSON = ["id": "3", "role": "user", "content": "three", "timestamp": 1_690_000_003]
        let account = try await bring(
            .openwebui,
            [
                openwebui("Empty", ["history": ["messages": [:]], "messages": [one, two]]),
                openwebui(
                    "More",
                    [
                        "history": ["currentId": "2", "messages": ["1": one, "2": two]],
                        "messages": [one, two, three],
                    ]
                ),
                openwebui(
                    "Numbers",
                    [
                        "history": [
                            "currentId": 2,
                            "messages": [
                                "1": ["id": 1, "parentId": .null, "role": "user", "content": "x", "timestamp": 1],
                                "2": ["id": 2, "parentId": 1, "role": "assistant", "content": "y", "timestamp": 2],
                            ],
                        ]
                    ]
                ),
            ]
        )
        #expect(account.count(of: .imported) == 3 + 4 + 3 && account.found == 10)
        #expect(try await bring.texts(bring.titled("Empty")) == ["one", "two"])
        #expect(try await bring.texts(bring.titled("More")) == ["one", "two", "three"])
        #expect(try await bring.texts(bring.titled("Numbers")) == ["x", "y"])
        #expect(try await bring.conversations().count == 3)
    }

    @Test("Open WebUI's pictures leave a note, passages come as far as there is room, and their pages with them")
    func attachments() async throws {
        let bring = Bringing()
        let long = String(repeating: "d", count: 200_000)
        let chat: JSON = [
            "history": [
                "currentId": "4",
                "messages": [
                    "1": [
                        "role": "user", "timestamp": 1_690_000_001,
                        "content": [
                            ["type": "text", "text": "see"],
                            ["type": "image_url", "image_url": ["url": "https://example.org/a.png"]],
                        ],
                    ],
                    "2": [
                        "parentId": "1", "role": "user", "timestamp": 1_690_000_002,
                        "content": [["type": "image_url", "image_url": ["url": "data:image/png;base64,AAAA"]]],
                    ],
                    "3": [
                        "parentId": "2", "role": "user", "timestamp": 1_690_000_003, "content": "",
                        "files": [["type": "image", "url": "data:image/png;base64,AAAA"]],
                    ],
                    "4": [
                        "parentId": "3", "role": "assistant", "timestamp": 1_690_000_004, "content": "a",
                        "sources": [
                            [
                                "source": ["name": "Almanac"], "document": ["first", .string(long), .string(long)],
                                "metadata": [["page": 7], [:], [:]],
                            ]
                        ],
                    ],
                ],
            ]
        ]
        try await bring(.openwebui, [openwebui("P", chat)])
        let conversation = try #require(try await bring.titled("P"))
        #expect(
            try await bring.texts(conversation) == [
                "see\n\n[image_url: https://example.org/a.png]", "[image_url]", "[image]", "a",
            ]
        )
        let answer = try await bring.log(conversation.id)[3]
        #expect(answer.contexts?.map { $0["title"] } == ["Almanac", "Almanac"])
        #expect(answer.metadata["imported"]?["left_out"] == ["sources.document"])
        #expect(
            answer.metadata["imported"]?["sources"] == [
                ["source": ["name": "Almanac"], "metadata": [["page": 7], [:], [:]]]
            ]
        )
    }

    // MARK: LibreChat

    @Test("LibreChat's children are messages only where a message has them, and answer the one they stand in")
    func children() async throws {
        let bring = Bringing()
        let nested: JSON = [
            "conversationId": "n", "title": "N", "options": ["children": [["x": 1], ["y": 2]]],
            "messagesTree": [
                [
                    "messageId": "a", "isCreatedByUser": true, "text": "question",
                    "metadata": ["children": [["k": "v"]]],
                    "children": [
                        [
                            "messageId": "b", "isCreatedByUser": false, "text": "answer",
                            "children": [["messageId": "c", "isCreatedByUser": true, "text": "more", "children": []]],
                        ]
                    ],
                ],
                ["messageId": "d", "parentMessageId": "c", "isCreatedByUser": false, "text": "last", "children": []],
            ],
        ]
        let parts: JSON = [
            "conversationId": "p", "title": "P",
            "messages": [
                [
                    "messageId": "a", "isCreatedByUser": false,
                    "content": [["type": "text", "text": "said", "children": [["text": "nested"]]]],
                ]
            ],
        ]
        let account = try await bring(.librechat, [nested, parts])
        #expect(account.found == 5 + 2 && account.count(of: .imported) == 7)
        #expect(try await bring.texts(bring.titled("N")) == ["question", "answer", "more", "last"])
        #expect(try await bring.conversations().count == 2)
        let metadata = try await bring.log(#require(bring.titled("P")).id)[0].metadata
        #expect(metadata["imported"]?["content"]?.arrayValue?.first?["children"] == [["text": "nested"]])
    }

    // MARK: Branches

    @Test("A later export with another branch on screen brings that as a branch, and nothing twice")
    func otherBranch() async throws {
        let bring = Bringing()
        let old = [
            node("q", nil, "user", "q", second: 1), node("a", "q", "assistant", "A1", second: 2),
            node("x", "a", "user", "after A1", second: 3),
        ]
        let new =
            old + [
                node("b", "q", "assistant", "A2", second: 4), node("y", "b", "user", "after A2", second: 5),
                node("z", "y", "assistant", "zz", second: 6),
            ]
        try await bring(.chatgpt, [chatgpt("B", current: "x", old)])
        for _ in 0..<2 {
            let account = try await bring(.chatgpt, [chatgpt("B", current: "z", new)])
            #expect(account.count(of: .quarantined) == 0)
            #expect(try await bring.texts(bring.titled("B")) == ["q", "A1", "after A1"])
            #expect(try await bring.texts(bring.titled("B (branch)")) == ["q", "A2", "after A2", "zz"])
            #expect(try await bring.conversations().count == 2)
        }
        // What goes on behind either is added there, whichever is on screen.
        let more =
            new + [
                node("x2", "x", "assistant", "more A1", second: 7), node("z2", "z", "user", "more A2", second: 8),
            ]
        for current in ["z2", "x2"] {
            try await bring(.chatgpt, [chatgpt("B", current: current, more)])
            #expect(try await bring.texts(bring.titled("B")) == ["q", "A1", "after A1", "more A1"])
            #expect(try await bring.texts(bring.titled("B (branch)")) == ["q", "A2", "after A2", "zz", "more A2"])
            #expect(try await bring.conversations().count == 2)
        }
    }

    @Test("An answer written anew, that is on screen and has nothing behind it, comes as a branch")
    func newAnswer() async throws {
        let bring = Bringing()
        let old = [
            node("q", nil, "user", "q", second: 1), node("a", "q", "assistant", "A1", second: 2),
            node("x", "a", "user", "after A1", second: 3),
        ]
        try await bring(.chatgpt, [chatgpt("B", current: "x", old)])
        let new = old + [node("b", "q", "assistant", "A2", second: 4)]
        for count in [1, 0] {
            let account = try await bring(.chatgpt, [chatgpt("B", current: "b", new)])
            #expect(account.count(of: .imported) == count && account.count(of: .quarantined) == 0)
            #expect(try await bring.texts(bring.titled("B")) == ["q", "A1", "after A1"])
            #expect(try await bring.texts(bring.titled("B (branch)")) == ["q", "A2"])
        }
    }
}

extension ForeignDetailTests {
    @Test(
        "A conversation that several imports brought goes with the last of them that is taken back",
        arguments: [true, false]
    )
    func severalImports(isOldestFirst: Bool) async throws {
        let bring = Bringing()
        let old = [node("q", nil, "user", "q", second: 1), node("a", "q", "assistant", "A", second: 2)]
        let new = old + [node("r", "a", "user", "r", second: 3)]
        var batches: [ImportBatchID] = []
        for nodes in [old, new] {
            bring.clock.advance(by: .seconds(1))
            let source = JSON.array([chatgpt("S", current: nodes.last?.0 ?? "", nodes)])
            batches.append(try await bring(.chatgpt, source.serialized).batch)
        }
        if !isOldestFirst { batches.reverse() }
        let undo = ImportUndo(bring.store, batches: bring.store)
        let first = try await undo(batches[0], as: .alice)
        #expect(first.conversations == 0 && first.left.count == 1)
        let second = try await undo(batches[1], as: .alice)
        #expect(second.conversations == 1 && second.left.isEmpty)
        #expect(first.messages + second.messages == 3)
        #expect(try await bring.conversations().isEmpty)
        let again = try await bring(.chatgpt, [chatgpt("S", current: "r", new)])
        #expect(again.count(of: .imported) == 4)
    }
}

extension JSONObject {
    fileprivate var serializedBytes: Int { JSON.object(self).serialized.count }
}
