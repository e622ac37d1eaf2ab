import HTTPTypes
import ParleyChat
import ParleyCore
import ParleyOpenAI
import ParleyTesting
import ParleyUpstream
import Testing

@Suite("Choosing a model and filters, over HTTP", .timeLimit(.minutes(15)))
struct ChosenModelTests {
    private static let filters: JSON = ["source": "wiki", "year": "2026"]

    @Test("A turn's model and filters reach the model's server, and so do those of a new version")
    func passedOn() async throws {
        try await UpstreamParley.run(change: { settings in
            settings.model = "usual"
            settings.sendsExtensions = true
        }) { home in
            let caller = try await home.caller()
            let turn = try await caller.post(
                "/api/chat",
                ["message": "Hi", "model": "chosen", "filters": Self.filters]
            )
            let reply = try #require(turn["message"]?["id"]?.stringValue)
            let again = try await caller.post(
                "/api/chat/\(reply)/regenerate",
                ["model": "another", "filters": ["source": "mail"]]
            )
            #expect(again["message"]?["metadata"]?["version"] == 2)
            #expect(again["message"]?["model"] == "another")
            _ = try await caller.post("/api/chat", ["message": "Ho"])
            let asked = home.upstream.log.entries.map(\.request.body)
            #expect(asked.map { $0["model"] } == ["chosen", "another", "usual"])
            #expect(asked.map { $0["filters"] } == [Self.filters, ["source": "mail"], nil])
        }
    }

    @Test("What may be chosen is told to those who are signed in")
    func options() async throws {
        let listed = ChatChoices(
            models: ["a", "b"],
            defaultModel: "a",
            filters: [FilterChoice(name: "year", values: ["2025", "2026"])]
        )
        try await TestParley.run(menu: ChatMenu(listed)) { parley in
            let alice = try await parley.caller(.alice)
            let expected: JSON = [
                "models": [["id": "a"], ["id": "b"]], "default_model": "a",
                "filters": [["name": "year", "values": ["2025", "2026"]]],
            ]
            #expect(try await alice.get("/api/chat/options").json == expected)
            #expect(try await parley.anonymous.get("/api/chat/options").status == .unauthorized)
        }
    }
}
