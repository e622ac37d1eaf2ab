import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("Erasing oneself, over HTTP")
struct AccountRoutesTests {
    private static let ada: JSON = ["email": "ada@example.org", "password": "correct horse", "name": "Ada"]

    /// A browser's call, with its cookie and its origin.
    private func browser(_ parley: TestParley, _ answer: Answer) throws -> Caller {
        let header = try #require(answer.headers[.setCookie])
        let fields: HTTPFields = [.cookie: String(header.prefix { $0 != ";" }), .origin: "http://localhost"]
        return Caller(client: parley.client, headers: fields)
    }

    private func erase(_ caller: Caller, _ body: JSON) async throws -> Answer {
        try await caller.call(.delete, "/api/account", body: body.serialized)
    }

    @Test("A browser confirms with the password; everything goes, and every sign-in ends")
    func byPassword() async throws {
        try await TestParley.run { parley in
            let ada = try browser(parley, await parley.anonymous.post("/api/auth/register", Self.ada))
            let other = try browser(parley, await parley.anonymous.post("/api/auth/login", Self.ada))
            let conversation = try await ada.makeConversation()
            _ = try await ada.say("pelican", in: conversation)
            for wrong: JSON in [[:], ["password": "battery staple"], ["password": ""], ["confirm": "ada@example.org"]] {
                let answer = try await erase(ada, wrong)
                #expect(answer.status == .badRequest && answer.parameter == "password")
            }
            #expect(try await ada.get("/api/conversations/\(conversation)").status == .ok)
            let answer = try await erase(ada, ["password": "correct horse"])
            #expect(answer.status == .ok)
            let counts: JSON = [
                "success": true, "projects": 1, "conversations": 1, "messages": 1, "memberships": 0, "drafts": 0,
            ]
            #expect(answer.json == counts)
            #expect(answer.headers[.setCookie]?.contains("Max-Age=0") == true)
            let clearing = try #require(HTTPField.Name("Clear-Site-Data"))
            #expect(answer.headers[clearing] == #""cache", "storage""#)
            for caller in [ada, other] { #expect(try await caller.get("/api/auth/me").status == .unauthorized) }
            #expect(try await parley.anonymous.post("/api/auth/login", Self.ada).status == .unauthorized)
            // The address is free, and whoever takes it begins with nothing.
            let anew = try browser(parley, await parley.anonymous.post("/api/auth/register", Self.ada))
            #expect(try await anew.get("/api/conversations").json["conversations"] == [])
            #expect(try await anew.get("/api/conversations/\(conversation)").status == .notFound)
        }
    }

    @Test("A token confirms with the address that is erased")
    func byAddress() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let bob = try await parley.caller(.bob)
            let shared = try await alice.post("/api/projects", ["name": "Shared"])
            let project = try #require(shared["id"]?.stringValue)
            _ = try await alice.put("/api/projects/\(project)/members/bob@example.org", ["role": "viewer"])
            let conversation = try await alice.makeConversation(["project_id": .string(project)])
            for wrong: JSON in [[:], ["confirm": "bob@example.org"], ["password": "correct horse"]] {
                let answer = try await erase(alice, wrong)
                #expect(answer.status == .badRequest && answer.parameter == "confirm")
            }
            let answer = try await erase(alice, ["confirm": "Alice@Example.org"])
            #expect(answer.status == .ok && answer["memberships"] == 1)
            #expect(try await alice.get("/api/conversations/\(conversation)").status == .notFound)
            #expect(try await bob.get("/api/conversations/\(conversation)").status == .ok)
            let members = try await bob.get("/api/projects/\(project)")["members"]
            #expect(members == [["email": "bob@example.org", "role": "owner"]])
        }
    }

    @Test("A page of another site erases nobody, and guesses are limited as at a sign-in")
    func guarded() async throws {
        try await TestParley.run(limiter: InProcessRateLimiter(clock: TestClock())) { parley in
            let answer = try await parley.anonymous.post("/api/auth/register", Self.ada)
            var ada = try browser(parley, answer)
            ada.headers[.origin] = "https://elsewhere.example"
            #expect(try await erase(ada, ["password": "correct horse"]).status == .forbidden)
            ada.headers[.origin] = "http://localhost"
            var refused: [HTTPResponse.Status] = []
            for _ in 0..<11 { refused.append(try await erase(ada, ["password": "battery staple"]).status) }
            #expect(refused == Array(repeating: .badRequest, count: 10) + [.tooManyRequests])
            #expect(try await ada.get("/api/auth/me").status == .ok)
            #expect(try await erase(parley.anonymous, ["password": "correct horse"]).status == .unauthorized)
        }
    }

    @Test("Those who watch are told of what goes, and sockets by a sign-in are shut")
    func told() async throws {
        try await TestParley.run { parley in
            let ada = try browser(parley, await parley.anonymous.post("/api/auth/register", Self.ada))
            let person = try #require(EmailAddress("ada@example.org"))
            let project = try await parley.store.personalProject(as: Identity(email: person)).id
            let conversation = try await ada.makeConversation()
            let signals = try await parley.bus.withSubscription(to: .project(project)) { events in
                try await parley.bus.withSubscription(to: .person(person)) { own in
                    _ = try await erase(ada, ["password": "correct horse"])
                    let events = events.makeAsyncIterator()
                    let own = own.makeAsyncIterator()
                    return [await events.next(), await events.next(), await own.next()]
                }
            }
            guard case .event(let event) = signals[0], case .change(.conversationDeleted) = event.kind else {
                Issue.record("the first signal is \(String(describing: signals[0]))")
                return
            }
            #expect(event.conversationID == ConversationID(conversation))
            #expect(signals[1] == .access(.projectDeleted(project)))
            #expect(signals[2] == .access(.signedOut(person, nil)))
        }
    }
}
