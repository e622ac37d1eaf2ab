import HTTPTypes
import ParleyCore
import ParleyMarkdown
import ParleyStore
import ParleyTesting
import Testing

@Suite("Rendered Markdown over HTTP")
struct RenderRoutesTests {
    private static func blocks(of text: String) -> JSON {
        .array(
            MarkdownRenderer().blocks(of: text).map {
                ["line": .number(JSONNumber($0.line)), "html": .string($0.html)]
            }
        )
    }

    @Test("Texts come back as blocks, in their order")
    func render() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let answer = try await alice.post("/api/render", ["texts": ["# A\n\nb\n\n\nc", "", "<script>"]])
            #expect(answer.status == .ok)
            #expect(
                answer.json == [
                    "rendered": [
                        [
                            ["line": 1, "html": "<h3 dir=\"auto\">A</h3>"],
                            ["line": 3, "html": "<p dir=\"auto\">b</p>"],
                            ["line": 6, "html": "<p dir=\"auto\">c</p>"],
                        ],
                        [], [["line": 1, "html": "<p class=\"plain\" dir=\"auto\">&lt;script&gt;\n</p>"]],
                    ]
                ]
            )
            let anonymous = try await parley.anonymous.post("/api/render", ["texts": ["a"]])
            #expect(anonymous.status == .unauthorized)
        }
    }

    @Test(
        "What is no list of 1 to 100 texts is refused, by name",
        arguments: [
            [:], ["texts": "a"], ["texts": []], ["texts": [1]], ["texts": ["a", .null]],
            ["texts": .array(Array(repeating: "a", count: 101))],
        ] as [JSON]
    )
    func refused(body: JSON) async throws {
        try await TestParley.run { parley in
            let answer = try await parley.caller(.alice).post("/api/render", body)
            #expect(answer.status == .badRequest)
            #expect(answer["error"]?["param"] == "texts")
        }
    }

    @Test("A body above 2 MiB is refused; an assistant's longest message is not")
    func size() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let longest = String(repeating: "word ", count: Limits.assistantContentBytes / 5)
            #expect(try await alice.post("/api/render", ["texts": [.string(longest)]]).status == .ok)
            let tooLong = String(repeating: "a", count: Limits.renderBodyBytes)
            #expect(try await alice.post("/api/render", ["texts": [.string(tooLong)]]).status == .contentTooLarge)
        }
    }

    @Test("Of one person's calls four are taken at once, and everybody else's still")
    func places() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let long = JSON.string(String(repeating: "*word* ", count: 100_000))
            let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for _ in 0..<40 { group.addTask { try await alice.post("/api/render", ["texts": [long]]).status } }
                let bob = try await parley.caller(.bob)
                #expect(try await bob.post("/api/render", ["texts": ["a"]]).status == .ok)
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses) == [.ok, .tooManyRequests])
            #expect(try await alice.post("/api/render", ["texts": ["a"]]).status == .ok)
        }
    }

    @Test("With render=html pages bring what assistants wrote as HTML; without, nothing changes")
    func pages() async throws {
        let settings = CacheSettings(limit: 4, localBytes: 1 << 20)
        try await TestParley.run(cached: {
            CachedStore(VersionedMemoryStore($0), cache: MemoryLogCache(limit: 4), settings: settings)
        }) { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let path = "/api/conversations/\(id)"
            let texts = [("user", "*q*"), ("assistant", "*a*\n\n- b"), ("tool", "*t*"), ("assistant", "")]
            for (role, content) in texts where !content.isEmpty {
                _ = try await alice.post("\(path)/messages", ["role": .string(role), "content": .string(content)])
            }
            let expected = [nil, Self.blocks(of: "*a*\n\n- b"), nil]
            for page in [path, "\(path)/messages", "\(path)/messages?before_seq=9", "\(path)/changes"] {
                let plain = try await alice.get(page)
                let joined = page + (page.contains("?") ? "&" : "?") + "render=html"
                let answer = try await alice.get(joined)
                let messages = try #require(answer["messages"]?.arrayValue)
                #expect(messages.map { $0["rendered"] } == expected, "\(joined)")
                let without = messages.map { message in
                    var object = message.objectValue ?? JSONObject()
                    object["rendered"] = nil
                    return JSON.object(object)
                }
                #expect(without == plain["messages"]?.arrayValue, "\(joined)")
                let refused = try await alice.get(joined + "x")
                #expect(refused.status == .badRequest && refused["error"]?["param"] == "render")
            }
            let bob = try await parley.caller(.bob)
            #expect(try await bob.get("\(path)?render=html").status == .notFound)
        }
    }

    @Test("A page renders 512 KiB, the newest first")
    func room() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let path = "/api/conversations/\(try await alice.makeConversation())"
            let half = String(repeating: "word ", count: Limits.renderedPageBytes / 2 / 5)
            for text in ["oldest", half + half, half, "short"] {
                let message: JSON = ["role": "assistant", "content": .string(text)]
                #expect(try await alice.post("\(path)/messages", message).status == .created)
            }
            let messages = try await alice.get("\(path)?render=html")["messages"]?.arrayValue ?? []
            #expect(messages.map { $0["rendered"] != nil } == [true, false, true, true])
        }
    }
}
