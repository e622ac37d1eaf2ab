import HTTPTypes
import HummingbirdTesting
import ParleyChat
import ParleyCore
import ParleyLive
import ParleyServer
import ParleyTesting
import Testing

@Suite("openapi.yaml is true")
struct OpenAPITests {
    /// An id that a client makes.
    private static let own = "018f0000-0000-4000-8000-00000000c0de"
    /// An id of nothing.
    private static let unused = "018f0000-0000-4000-8000-00000000dead"

    private func contract(_ parley: TestParley) async throws -> Contract {
        Contract(try OpenAPIDocument(yaml: await parley.anonymous.get("/openapi.yaml").text))
    }

    @Test("Every route is documented, and every documented operation is a route")
    func routes() async throws {
        try await TestParley.run { parley in
            let document = try await contract(parley).document
            let routes = Set(parley.routes.filter { !$0.hasPrefix("HEAD ") })
            #expect(Set(document.operations.map(\.name)).symmetricDifference(routes) == [])
            let names = document.operations.map { $0.json["operationId"]?.stringValue }
            #expect(Set(names).count == names.count && !names.contains(nil))
        }
    }

    @Test("Every operation answers as it is documented")
    func operations() async throws {
        let check = HealthCheck(name: "store") {}
        let menu = ChatMenu(
            ChatChoices(models: ["a"], defaultModel: "a", filters: [FilterChoice(name: "year", values: ["2026"])])
        )
        let provider = ScriptedProvider(["Hello, ", "world"])
        let operators: Set = [Identity.carol.email]
        try await TestParley.run(provider: provider, menu: menu, checks: [check], operators: operators) { parley in
            let contract = try await contract(parley)
            let anonymous = ContractCaller(caller: parley.anonymous, contract: contract)
            let alice = ContractCaller(caller: try await parley.caller(.alice), contract: contract)
            let bob = ContractCaller(caller: try await parley.caller(.bob), contract: contract)
            try await operationsOfTheServer(anonymous)
            try await signIn(anonymous, alice)
            let project = try await projects(alice, bob)
            let conversation = try await conversations(alice, bob, in: project)
            try await messages(alice, bob, in: conversation)
            try await turns(alice, bob, in: conversation, of: project)
            try await events(alice, bob, parley, in: conversation, of: project)
            let carol = ContractCaller(caller: try await parley.caller(.carol), contract: contract)
            try await figures(alice, carol)
            try await imports(alice)
            try await deletions(alice, bob, conversation, project)
            #expect(contract.unasked == [])
        }
    }

    private func operationsOfTheServer(_ anonymous: ContractCaller) async throws {
        try await anonymous(.get, "/health/live")
        try await anonymous(.get, "/health/ready")
        try await anonymous(.get, "/metrics")
        try await anonymous(.get, "/openapi.yaml")
        let page = try await anonymous(.get, "/")
        try await anonymous(
            .get,
            "/",
            headers: [.ifNoneMatch: try #require(page.headers[.eTag])],
            expecting: .notModified
        )
        try await anonymous(.get, "/c/\(Self.unused)")
        for page in ["/help", "/operator", "/rescue"] { try await anonymous(.get, page) }
        let asset = try #require(page.text.firstMatch(of: /\/assets\/[A-Za-z0-9._-]+/)).output
        try await anonymous(.get, String(asset))
        try await anonymous(.get, "/assets/none.js", expecting: .notFound)
    }

    private func signIn(_ anonymous: ContractCaller, _ alice: ContractCaller) async throws {
        let person: JSON = ["email": "ada@example.org", "password": "correct horse", "name": "Ada"]
        let registered = try await anonymous(.post, "/api/auth/register", person, expecting: .created)
        try await anonymous(.post, "/api/auth/register", person, expecting: .conflict)
        try await anonymous(.post, "/api/auth/register", ["email": "ada@example.org"], expecting: .badRequest)
        try await anonymous(.post, "/api/auth/login", person)
        let wrong: JSON = ["email": "ada@example.org", "password": "wrong horse"]
        try await anonymous(.post, "/api/auth/login", wrong, expecting: .unauthorized)
        let cookie = String(try #require(registered.headers[.setCookie]).prefix { $0 != ";" })
        try await anonymous(.get, "/api/auth/me", headers: [.cookie: cookie])
        try await alice(.get, "/api/auth/me")
        try await anonymous(.get, "/api/auth/me", expecting: .unauthorized)
        let foreign: HTTPFields = [.cookie: cookie, .origin: "https://elsewhere.example"]
        try await anonymous(.post, "/api/auth/logout", headers: foreign, expecting: .forbidden)
        try await anonymous(.post, "/api/auth/logout", headers: [.cookie: cookie, .origin: "http://localhost"])
    }

    private func projects(_ alice: ContractCaller, _ bob: ContractCaller) async throws -> String {
        let made = try await alice(.post, "/api/projects", ["name": "P", "persona": "ai_pm"], expecting: .created)
        let id = try #require(made["id"]?.stringValue)
        try await alice(
            .post,
            "/api/projects",
            ["name": "P", "persona": "ai_pm", "id": .string(Self.own)],
            expecting: .created
        )
        try await alice(.post, "/api/projects", ["name": "P", "persona": "ai_pm", "id": .string(Self.own)])
        try await alice(.post, "/api/projects", ["name": "Q", "id": .string(Self.own)], expecting: .conflict)
        try await alice(.post, "/api/projects", [:], expecting: .badRequest)
        let page = try await alice(.get, "/api/projects?limit=1")
        let cursor = try #require(page["next_cursor"]?.stringValue)
        try await alice(.get, "/api/projects?limit=1&cursor=\(cursor)")
        try await alice(.get, "/api/projects/\(id)")
        try await bob(.get, "/api/projects/\(id)", expecting: .notFound)
        try await alice(.patch, "/api/projects/\(id)", ["retention_days": 0], expecting: .badRequest)
        let changes: JSON = ["description": "Ours", "persona": .null, "retention_days": 30]
        #expect(try await alice(.patch, "/api/projects/\(id)", changes)["retention_days"] == 30)
        let cleared = try await alice(.patch, "/api/projects/\(id)", ["retention_days": .null])
        #expect(cleared["retention_days"] == nil && cleared["description"] == "Ours")
        try await alice(.put, "/api/projects/\(id)/members/carol@example.org", ["role": "editor"])
        try await alice(.delete, "/api/projects/\(id)/members/carol@example.org")
        try await alice(.put, "/api/projects/\(id)/members/bob@example.org", ["role": "viewer"])
        try await bob(.patch, "/api/projects/\(id)", ["name": "Mine"], expecting: .forbidden)
        return id
    }

    private func conversations(
        _ alice: ContractCaller,
        _ bob: ContractCaller,
        in project: String
    ) async throws -> String {
        let new: JSON = [
            "project_id": .string(project), "title": "T", "description": "D", "metadata": ["a": [1]],
        ]
        let made = try await alice(.post, "/api/conversations", new, expecting: .created)
        let id = try #require(made["id"]?.stringValue)
        try await alice(.post, "/api/conversations", ["id": .string(Self.own)], expecting: .created)
        try await alice(.post, "/api/conversations", ["id": .string(Self.own)])
        try await alice(.post, "/api/conversations", ["title": ""], expecting: .badRequest)
        try await bob(.post, "/api/conversations", new, expecting: .forbidden)
        let page = try await alice(.get, "/api/conversations?limit=1")
        let cursor = try #require(page["next_cursor"]?.stringValue)
        try await alice(.get, "/api/conversations?limit=1&cursor=\(cursor)")
        try await alice(.get, "/api/conversations?limit=0", expecting: .badRequest)
        try await alice(.get, "/api/projects/\(project)/sessions?status=active&q=T")
        try await alice(.patch, "/api/conversations/\(id)", ["pinned": true, "status": "archived"])
        try await alice(
            .patch,
            "/api/conversations/\(id)",
            ["title": "U", "expected_revision": 1],
            expecting: .conflict
        )
        try await alice(.put, "/api/conversations/\(id)/draft", ["text": "half a thou"])
        try await alice(.get, "/api/conversations/\(id)/draft")
        try await alice(.get, "/api/conversations/new/draft")
        try await alice(.put, "/api/conversations/\(id)/read", ["seq": 0])
        try await alice(.put, "/api/conversations/\(id)/read", ["seq": "all"], expecting: .badRequest)
        return id
    }

    private func messages(_ alice: ContractCaller, _ bob: ContractCaller, in conversation: String) async throws {
        let path = "/api/conversations/\(conversation)"
        let text: JSON = ["role": "user", "content": "Where is the kettle?", "id": .string(Self.own)]
        let appended = try await alice(.post, "\(path)/messages", text, expecting: .created)
        try await alice(.post, "\(path)/messages", text)
        try await alice(
            .post,
            "\(path)/messages",
            [
                "messages": [
                    [
                        "role": "assistant", "parts": [["type": "text", "text": "In the kitchen."]],
                        "contexts": [["title": "Plan", "text": "Kitchen"]], "ai_response": ["rooms": 1],
                        "confidence": .number(try #require(JSONNumber(0.75))), "model": "m",
                    ]
                ]
            ],
            expecting: .created
        )
        try await alice(.post, "\(path)/messages", ["role": "nobody", "content": "x"], expecting: .badRequest)
        try await bob(.post, "\(path)/messages", text, expecting: .forbidden)
        try await alice(
            .post,
            "\(path)/messages",
            text,
            headers: [.contentEncoding: "gzip"],
            expecting: .unsupportedMediaType
        )
        let id = try #require(appended["messages"]?[0]?["id"]?.stringValue)
        try await alice(.get, "\(path)/messages?limit=1&after_seq=1")
        try await alice(.get, "\(path)/messages?before_seq=2")
        try await alice(.patch, "\(path)/messages/\(id)", ["content": "Where is the teapot?", "metadata": ["k": "v"]])
        try await alice(.get, "\(path)/messages/\(id)/versions")
        try await alice(.put, "\(path)/messages/\(id)/reactions/%F0%9F%8D%B5")
        try await alice(.get, path)
        try await alice(.put, "\(path)/read", ["seq": 1])
        try await alice(.get, "/api/read-marks?conversation_id=\(conversation)")
        try await alice(.get, "/api/read-marks", expecting: .badRequest)
        try await alice(.get, "\(path)?render=html")
        try await alice(.get, "\(path)/messages?render=html")
        try await alice(.get, "\(path)/changes?render=html")
        try await alice(.get, "\(path)/messages?render=pdf", expecting: .badRequest)
        try await alice(.post, "/api/render", ["texts": ["# One\n\ntwo", ""]])
        try await alice(.post, "/api/render", ["texts": []], expecting: .badRequest)
        try await alice(.get, "/api/search?q=teapot")
        try await alice(.get, "/api/search", expecting: .badRequest)
        try await alice(.delete, "\(path)/messages/\(id)/reactions/%F0%9F%8D%B5")
        try await alice(.get, "\(path)/changes?since_revision=0&limit=1")
        try await alice(.get, "\(path)/changes?since_revision=9999", expecting: .gone)
        try await alice(
            .post,
            "\(path)/fork",
            ["seq": 1, "id": "018f0000-0000-4000-8000-00000000f0c1"],
            expecting: .created
        )
        try await alice(.post, "\(path)/fork", ["seq": 1, "id": "018f0000-0000-4000-8000-00000000f0c1"])
        try await alice(.post, "\(path)/fork", ["seq": 99], expecting: .badRequest)
    }

    private func imports(_ alice: ContractCaller) async throws {
        let dump: JSON = [
            "chat-messages": "[{\"role\":\"user\",\"content\":\"Hello\"},7]", "theme": "dark",
        ]
        let account = try await alice(.post, "/api/import?format=localstorage", dump)
        #expect(account["found"] == 3)
        try await alice(.post, "/api/import?format=csv", dump, expecting: .badRequest)
        try await alice(.post, "/api/import", dump, expecting: .badRequest)
        let batches = try await alice(.get, "/api/imports")
        #expect(batches["imports"]?[0]?["id"] == account["batch"])
        try await alice(.get, "/api/export?format=jsonl")
        try await alice(.get, "/api/export?format=csv", expecting: .badRequest)
        try await alice(.get, "/api/export?format=markdown&conversation_id=\(Self.unused)", expecting: .notFound)
        let batch = try #require(account["batch"]?.stringValue)
        #expect(try await alice(.delete, "/api/imports/\(batch)")["conversations"] == 1)
        try await alice(.delete, "/api/imports/\(batch)", expecting: .notFound)
    }

    private func turns(
        _ alice: ContractCaller,
        _ bob: ContractCaller,
        in conversation: String,
        of project: String
    ) async throws {
        try await alice(.get, "/api/chat/options")
        let turn = try await alice(.post, "/api/chat", ["message": "Hi", "conversation_id": .string(conversation)])
        try await bob(
            .post,
            "/api/chat",
            ["message": "Hi", "conversation_id": .string(conversation)],
            expecting: .forbidden
        )
        try await alice(.post, "/api/chat", ["message": "Hi", "stream": true])
        try await alice(.post, "/api/chat/agent", ["messages": [["role": "user", "content": "Hi"]], "stream": true])
        try await alice(.post, "/api/chat/agent", ["message": "Search my conversations for Hi"])
        try await alice(.post, "/api/chat", [:], expecting: .badRequest)
        let id = try #require(turn["message"]?["id"]?.stringValue)
        try await alice(.get, "/api/chat/\(id)/stream?after=0")
        try await alice(.get, "/api/chat/\(Self.unused)/stream", expecting: .notFound)
        try await alice(.post, "/api/chat/\(id)/stop")
        try await alice(.post, "/api/chat/\(id)/regenerate", ["stream": true])
        try await alice(.post, "/api/chat/\(id)/regenerate")
        try await alice(.get, "/api/chat/history/\(project)?session_id=\(conversation)&limit=10")
        try await alice(.get, "/api/chat/history/\(project)?limit=3")
    }

    private func events(
        _ alice: ContractCaller,
        _ bob: ContractCaller,
        _ parley: TestParley,
        in conversation: String,
        of project: String
    ) async throws {
        let path = "/api/events?conversation_id=\(conversation)"
        try await alice(.get, "\(path)&since_revision=-1", expecting: .badRequest)
        try await alice(.get, "/api/events?conversation_id=\(Self.unused)", expecting: .notFound)
        try await alice(.get, "/api/ws", expecting: .upgradeRequired)
        try await alice(.get, "/api/ws", headers: [.origin: "https://elsewhere.example"], expecting: .forbidden)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bob(.get, "\(path)&since_revision=0") }
            // Without a membership the stream ends, whether it has begun or not.
            while parley.live.sessionCount == 0 { await Task.yield() }
            try await alice(.delete, "/api/projects/\(project)/members/bob@example.org")
            try await group.waitForAll()
        }
        try await alice(.put, "/api/projects/\(project)/members/bob@example.org", ["role": "viewer"])
    }

    private func figures(_ alice: ContractCaller, _ carol: ContractCaller) async throws {
        let me = try await carol(.get, "/api/auth/me")
        #expect(me["operator"] == true)
        let usage = try await carol(.get, "/api/operator/usage?days=2")
        #expect(usage["days"]?[1]?["latency_ms"] != nil, "the contract is to be held against replies")
        try await carol(.get, "/api/operator/usage?days=0", expecting: .badRequest)
        try await carol(.get, "/api/operator/now")
        try await alice(.get, "/api/operator/usage?days=0", expecting: .notFound)
        try await alice(.get, "/api/operator/now", expecting: .notFound)
    }

    private func deletions(
        _ alice: ContractCaller,
        _ bob: ContractCaller,
        _ conversation: String,
        _ project: String
    ) async throws {
        try await alice(.delete, "/api/conversations/\(conversation)/messages/\(Self.own)")
        try await alice(.get, "/api/conversations/\(conversation)")
        try await bob(.delete, "/api/conversations/\(conversation)", expecting: .forbidden)
        try await alice(.delete, "/api/conversations/\(conversation)?expected_revision=1", expecting: .conflict)
        try await alice(.delete, "/api/conversations/\(conversation)")
        try await alice(.get, "/api/conversations/\(conversation)", expecting: .notFound)
        try await alice(.delete, "/api/projects/\(project)")
        try await bob(.delete, "/api/account", ["confirm": "alice@example.org"], expecting: .badRequest)
        try await bob(.delete, "/api/account", ["confirm": "Bob@example.org"])
    }

    @Test("A turn that the model's server breaks off, and a server that is not well, answer as they are documented")
    func failures() async throws {
        struct Unwell: Error {}
        let provider = ScriptedProvider(["Half"], ending: .failure(ParleyError(.upstreamError, "It broke.")))
        let check = HealthCheck(name: "store") { throw Unwell() }
        try await TestParley.run(provider: provider, checks: [check]) { parley in
            let contract = try await contract(parley)
            let alice = ContractCaller(caller: try await parley.caller(.alice), contract: contract)
            try await alice(.post, "/api/chat", ["message": "Hi"], expecting: .badGateway)
            try await alice(.post, "/api/chat", ["message": "Hi", "stream": true])
            try await alice(.get, "/health/ready", expecting: .serviceUnavailable)
        }
    }
}
