import HTTPTypes
import ParleyCore
import ParleyTesting
import Testing

@Suite("What operators are shown", .timeLimit(.minutes(15)))
struct OperatorRoutesTests {
    private static let operators: Set = [Identity.carol.email]

    @Test("Whoever operates the server is told so, by token and by cookie; nobody else hears of it")
    func role() async throws {
        try await TestParley.run(operators: Self.operators) { parley in
            let carol = try await parley.caller(.carol)
            #expect(try await carol.get("/api/auth/me")["operator"] == true)
            #expect(try await parley.caller(.alice).get("/api/auth/me")["operator"] == nil)
            for (email, isOperator) in [("Carol@Example.org", true), ("ada@example.org", false)] {
                let person: JSON = ["email": .string(email), "password": "correct horse"]
                let registered = try await parley.anonymous.post("/api/auth/register", person)
                let signedIn = try await parley.anonymous.post("/api/auth/login", person)
                let cookie = String(try #require(signedIn.headers[.setCookie]).prefix { $0 != ";" })
                let me = try await parley.anonymous.get("/api/auth/me", headers: [.cookie: cookie])
                for answer in [registered, signedIn, me] {
                    #expect(answer["operator"] == (isOperator ? true : nil), "\(email)")
                }
            }
        }
    }

    @Test(
        "For anyone else it is as if there were nothing, whether there are operators or not",
        arguments: ["usage", "usage?days=x", "now"],
        [operators, []]
    )
    func others(path: String, operators: Set<EmailAddress>) async throws {
        try await TestParley.run(operators: operators) { parley in
            #expect(try await parley.anonymous.get("/api/operator/\(path)").status == .unauthorized)
            let alice = try await parley.caller(.alice)
            let (refused, unknown) = (
                try await alice.get("/api/operator/\(path)"), try await alice.get("/api/operator/nothing")
            )
            #expect(refused.status == .notFound)
            #expect(refused.withoutRequestID == unknown.withoutRequestID)
            #expect(refused.headers[.contentType] == unknown.headers[.contentType])
        }
    }

    @Test("The figures are those of what was done, with as many days before, and hold no text, title or address")
    func usage() async throws {
        let failing = ScriptedProvider(["A secret answer"], ending: .failure(ParleyError(.upstreamError, "It broke.")))
        try await TestParley.run(provider: failing, operators: Self.operators) { parley in
            parley.clock.set(.example)
            var alice = try await parley.caller(.alice)
            let old = try await alice.makeConversation(["title": "A secret title"])
            _ = try await alice.say("A secret question", in: old)
            parley.clock.advance(by: .seconds(3 * 86_400))
            alice = try await parley.caller(.alice)
            let carol = try await parley.caller(.carol)
            let turn = try await alice.post("/api/chat", ["message": "Another secret", "model": "gull"])
            #expect(turn.status == .badGateway)
            let usage = try await carol.get("/api/operator/usage?days=3")
            #expect(usage.status == .ok)
            #expect(usage["from"] == "2026-01-06T00:00:00.000Z")
            #expect(usage["to"] == "2026-01-09T00:00:00.000Z")
            let days = try #require(usage["days"]?.arrayValue)
            #expect(days.map { $0["date"] } == ["2026-01-06", "2026-01-07", "2026-01-08"])
            #expect(days[0]["messages"]?["user"] == 0 && days[0]["models"] == [])
            #expect(days[2]["messages"] == ["user": 1, "assistant": 1, "system": 0, "tool": 0])
            #expect(days[2]["people"] == 1 && days[2]["conversations"] == 1)
            #expect(days[2]["models"]?[0]?["failed"] == 1)
            #expect(days[2]["models"]?[0]?["latency_ms"] == nil, "nothing was delivered")
            #expect(usage["total"]?["replies"] == 1 && usage["total"]?["failed"] == 1)
            #expect(usage["before"]?["messages"]?["user"] == 1 && usage["before"]?["replies"] == 0)
            #expect(!usage.text.contains("secret") && !usage.text.contains("@"))
        }
    }

    @Test("Days are asked for from 1 to 366; without a number it is thirty of them")
    func days() async throws {
        try await TestParley.run(operators: Self.operators) { parley in
            let carol = try await parley.caller(.carol)
            for days in ["0", "367", "-1", "all", ""] {
                let answer = try await carol.get("/api/operator/usage?days=\(days)")
                #expect(answer.status == .badRequest && answer.parameter == "days", "\(days)")
            }
            #expect(try await carol.get("/api/operator/usage")["days"]?.arrayValue?.count == 30)
            #expect(try await carol.get("/api/operator/usage?days=366")["days"]?.arrayValue?.count == 366)
        }
    }
}
