import HTTPTypes
import ParleyCore
import ParleyTesting
import Testing

/// One call of the API, and what it needs.
private struct Call: CustomTestStringConvertible, Sendable {
    let method: HTTPRequest.Method
    let path: String
    let access: Access
    var body: JSON?
    var badBody: JSON?

    var testDescription: String { "\(method) \(path)" }

    /// The call with its placeholders filled in.
    func path(_ ids: [String: String]) -> String {
        ids.reduce(path) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    static let unknownID = "018f0000-0000-7000-8000-00000000dead"

    /// Every call that names a project, a conversation or a message.
    static let all: [Call] = [
        Call(method: .get, path: "/api/conversations?project_id={project}", access: .read),
        Call(method: .get, path: "/api/conversations/{conversation}", access: .read),
        Call(
            method: .patch,
            path: "/api/conversations/{conversation}",
            access: .write,
            body: ["title": "New"],
            badBody: ["title": ""]
        ),
        Call(
            method: .post,
            path: "/api/conversations/{conversation}/fork",
            access: .write,
            body: ["seq": 1],
            badBody: ["seq": "one"]
        ),
        Call(method: .get, path: "/api/conversations/{conversation}/changes", access: .read),
        Call(method: .get, path: "/api/conversations/{conversation}/draft", access: .read),
        Call(
            method: .put,
            path: "/api/conversations/{conversation}/draft",
            access: .write,
            body: ["text": "x"],
            badBody: ["text": 1]
        ),
        Call(
            method: .put,
            path: "/api/conversations/{conversation}/read",
            access: .read,
            body: ["seq": 1],
            badBody: ["seq": -1]
        ),
        Call(method: .get, path: "/api/conversations/{conversation}/messages", access: .read),
        Call(
            method: .post,
            path: "/api/conversations/{conversation}/messages",
            access: .write,
            body: ["role": "user", "content": "x"],
            badBody: ["role": "robot"]
        ),
        Call(
            method: .patch,
            path: "/api/conversations/{conversation}/messages/{message}",
            access: .write,
            body: ["content": "y"],
            badBody: ["content": ""]
        ),
        Call(method: .get, path: "/api/conversations/{conversation}/messages/{message}/versions", access: .read),
        Call(method: .put, path: "/api/conversations/{conversation}/messages/{message}/reactions/x", access: .write),
        Call(method: .delete, path: "/api/conversations/{conversation}/messages/{message}/reactions/x", access: .write),
        Call(method: .get, path: "/api/projects/{project}", access: .read),
        Call(method: .get, path: "/api/projects/{project}/sessions", access: .read),
        Call(
            method: .patch,
            path: "/api/projects/{project}",
            access: .administer,
            body: ["name": "New"],
            badBody: ["name": ""]
        ),
        Call(
            method: .put,
            path: "/api/projects/{project}/members/dora@example.org",
            access: .administer,
            body: ["role": "viewer"],
            badBody: ["role": "king"]
        ),
        Call(method: .delete, path: "/api/projects/{project}/members/bob@example.org", access: .administer),
        Call(method: .get, path: "/api/search?q=hello&project_id={project}", access: .read),
        Call(method: .get, path: "/api/chat/history/{project}", access: .read),
        Call(method: .get, path: "/api/chat/history/{project}?session_id={conversation}", access: .read),
        Call(method: .get, path: "/api/chat/{reply}/stream", access: .read),
        Call(method: .post, path: "/api/chat/{reply}/stop", access: .write),
        Call(method: .post, path: "/api/chat/{reply}/regenerate", access: .write, body: ["stream": false]),
        Call(method: .delete, path: "/api/conversations/{conversation}/messages/{message}", access: .write),
        Call(method: .delete, path: "/api/conversations/{conversation}", access: .write),
        Call(method: .delete, path: "/api/projects/{project}", access: .administer),
    ]
}

@Suite("Invariant 1: access is inside the statement, seen over HTTP")
struct AccessTests {
    /// Alice's project with Bob as its viewer, and a conversation with a turn.
    private func makeProject(_ alice: Caller) async throws -> [String: String] {
        let project = try await alice.post("/api/projects", ["name": "Shared"])
        let id = try #require(project["id"]?.stringValue)
        let member = try await alice.put("/api/projects/\(id)/members/bob@example.org", ["role": "viewer"])
        try #require(member.status == .ok)
        let turn = try await alice.post("/api/chat", ["project_id": .string(id), "message": "hello"])
        try #require(turn.status == .ok)
        return [
            "project": id,
            "conversation": try #require(turn["conversation_id"]?.stringValue),
            "message": try #require(turn["user_message"]?["id"]?.stringValue),
            "reply": try #require(turn["message"]?["id"]?.stringValue),
        ]
    }

    @Test("To a stranger, what exists answers byte for byte like what never did", arguments: Call.all)
    private func strangers(call: Call) async throws {
        try await TestParley.run { parley in
            let ids = try await makeProject(parley.caller(.alice))
            let mallory = try await parley.caller(.mallory)
            let unknown = ids.mapValues { _ in Call.unknownID }
            let malformed = ids.mapValues { _ in "nonsense" }
            let body = call.body?.serialized
            let foreign = try await mallory.call(call.method, call.path(ids), body: body)
            #expect(foreign.status == .notFound)
            for other in [unknown, malformed] {
                let answer = try await mallory.call(call.method, call.path(other), body: body)
                #expect(answer.status == .notFound)
                #expect(answer.withoutRequestID == foreign.withoutRequestID)
                #expect(answer.headers[.contentType] == foreign.headers[.contentType])
            }
        }
    }

    @Test("Nobody gets in without credentials, whatever they name", arguments: Call.all)
    private func anonymous(call: Call) async throws {
        try await TestParley.run { parley in
            let ids = try await makeProject(parley.caller(.alice))
            let answer = try await parley.anonymous.call(call.method, call.path(ids), body: call.body?.serialized)
            #expect(answer.status == .unauthorized)
            #expect(answer.code == "unauthenticated")
        }
    }

    @Test("A viewer reads, and may not write or administer", arguments: Call.all)
    private func viewers(call: Call) async throws {
        try await TestParley.run { parley in
            let ids = try await makeProject(parley.caller(.alice))
            let bob = try await parley.caller(.bob)
            // Anyone may leave a project.
            let path = call.path(ids).replacing("members/bob", with: "members/alice")
            let answer = try await bob.call(call.method, path, body: call.body?.serialized)
            #expect(answer.status == (call.access == .read ? .ok : .forbidden))
        }
    }

    @Test(
        "The order is 401, syntax, 404, 403, fields",
        arguments: Call.all.filter { $0.badBody != nil }
    )
    private func order(call: Call) async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let ids = try await makeProject(alice)
            let (bob, mallory) = try (await parley.caller(.bob), await parley.caller(.mallory))
            let path = call.path(ids)
            let broken = Array("{".utf8)
            let bad = call.badBody?.serialized
            #expect(try await parley.anonymous.call(call.method, path, body: broken).status == .unauthorized)
            #expect(try await mallory.call(call.method, path, body: broken).status == .badRequest)
            #expect(try await mallory.call(call.method, path, body: bad).status == .notFound)
            let viewer = try await bob.call(call.method, path, body: bad).status
            #expect(viewer == (call.access == .read ? .badRequest : .forbidden))
            let field = try await alice.call(call.method, path, body: bad)
            #expect(field.status == .badRequest)
            #expect(field.parameter == call.badBody?.objectValue?.members.first?.name || field.parameter == "content")
        }
    }

    @Test("Making something in a project one is not in is 404, even with bad fields")
    func creates() async throws {
        try await TestParley.run { parley in
            let ids = try await makeProject(parley.caller(.alice))
            let project = JSON.string(try #require(ids["project"]))
            let (bob, mallory) = try (await parley.caller(.bob), await parley.caller(.mallory))
            for body: JSON in [["project_id": project], ["project_id": project, "title": 1], ["project_id": "x"]] {
                #expect(try await mallory.post("/api/conversations", body).status == .notFound)
            }
            #expect(try await bob.post("/api/conversations", ["project_id": project]).status == .forbidden)
            let turn: JSON = ["project_id": project, "message": "hello"]
            #expect(try await mallory.post("/api/chat", turn).status == .notFound)
            #expect(try await bob.post("/api/chat", turn).status == .forbidden)
            let conversation = JSON.string(try #require(ids["conversation"]))
            #expect(
                try await mallory.post("/api/chat", ["conversation_id": conversation, "message": ""]).status
                    == .notFound
            )
        }
    }
}
