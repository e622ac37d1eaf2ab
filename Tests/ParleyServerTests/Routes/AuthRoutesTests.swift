import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ParleyAuth
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("Who is calling, over HTTP")
struct AuthRoutesTests {
    private static let ada: JSON = ["email": "Ada@Example.org", "password": "correct horse", "name": "Ada"]

    private func cookie(_ answer: Answer) throws -> String {
        let header = try #require(answer.headers[.setCookie])
        return String(header.prefix { $0 != ";" })
    }

    @Test("Registering signs in with a cookie that scripts can't read")
    func register() async throws {
        try await TestParley.run { parley in
            let answer = try await parley.anonymous.post("/api/auth/register", Self.ada)
            #expect(answer.status == .created)
            #expect(answer.json == ["email": "ada@example.org", "name": "Ada"])
            let header = try #require(answer.headers[.setCookie])
            for attribute in ["parley_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
                #expect(header.contains(attribute), "\(attribute)")
            }
            #expect(!header.contains("Secure"))
            let me = try await parley.anonymous.get("/api/auth/me", headers: [.cookie: cookie(answer)])
            #expect(me.json == answer.json)
        }
    }

    @Test("Signing out ends the sign-in everywhere at once")
    func signOut() async throws {
        try await TestParley.run { parley in
            let signedIn = try cookie(await parley.anonymous.post("/api/auth/register", Self.ada))
            let again = try cookie(
                await parley.anonymous.post(
                    "/api/auth/login",
                    ["email": "ada@example.org", "password": "correct horse"]
                )
            )
            let out = try await parley.anonymous.call(
                .post,
                "/api/auth/logout",
                headers: [.cookie: signedIn, .origin: "http://localhost"]
            )
            #expect(out.status == .ok)
            #expect(out.headers[.setCookie]?.contains("Max-Age=0") == true)
            let clearing = try #require(HTTPField.Name("Clear-Site-Data"))
            #expect(out.headers[clearing] == #""cache", "storage""#)
            #expect(
                try await parley.anonymous.get("/api/auth/me", headers: [.cookie: signedIn]).status == .unauthorized
            )
            #expect(try await parley.anonymous.get("/api/auth/me", headers: [.cookie: again]).status == .ok)
        }
    }

    @Test("Unknown user and wrong password get one answer")
    func sameAnswer() async throws {
        try await TestParley.run { parley in
            _ = try await parley.anonymous.post("/api/auth/register", Self.ada)
            let wrong = try await parley.anonymous.post(
                "/api/auth/login",
                ["email": "ada@example.org", "password": "battery staple"]
            )
            let unknown = try await parley.anonymous.post(
                "/api/auth/login",
                ["email": "nobody@example.org", "password": "battery staple"]
            )
            #expect(wrong.status == .unauthorized)
            #expect(wrong.withoutRequestID == unknown.withoutRequestID)
        }
    }

    @Test("Attempts on one account are limited, with Retry-After")
    func attempts() async throws {
        try await TestParley.run(limiter: InProcessRateLimiter(clock: TestClock())) { parley in
            _ = try await parley.anonymous.post("/api/auth/register", Self.ada)
            var last: Answer?
            for _ in 0..<11 {
                last = try await parley.anonymous.post(
                    "/api/auth/login",
                    ["email": "ada@example.org", "password": "battery staple"]
                )
            }
            #expect(last?.status == .tooManyRequests)
            #expect(last?.code == "rate_limited")
            #expect(last?.headers[.retryAfter].flatMap { Int($0) } ?? 0 > 0)
        }
    }

    @Test("With a cookie, a change must come from our own pages or a listed origin")
    func origins() async throws {
        try await TestParley.run { parley in
            let cookie = try cookie(await parley.anonymous.post("/api/auth/register", Self.ada))
            let allowed: [String?] = ["http://localhost", "https://listed.example"]
            let refused: [String?] = [
                nil, "null", "http://localhost.evil.example", "http://localhost:81", "https://evil.example",
                "https://listed.example.evil.example",
            ]
            for (origins, status) in [(allowed, HTTPResponse.Status.created), (refused, .forbidden)] {
                for origin in origins {
                    var headers: HTTPFields = [.cookie: cookie]
                    headers[.origin] = origin
                    let answer = try await parley.anonymous.call(.post, "/api/conversations", headers: headers)
                    #expect(answer.status == status, "\(origin ?? "no origin")")
                }
            }
            let read = try await parley.anonymous.get(
                "/api/conversations",
                headers: [.cookie: cookie, .origin: "https://evil.example"]
            )
            #expect(read.status == .ok)
        }
    }

    @Test("A token that doesn't hold is 401 even beside a good cookie")
    func tokenBeforeCookie() async throws {
        try await TestParley.run { parley in
            let cookie = try cookie(await parley.anonymous.post("/api/auth/register", Self.ada))
            for authorization in ["Bearer nonsense", "Basic YTpi", "Bearer", "Bearer a b"] {
                let answer = try await parley.anonymous.get(
                    "/api/auth/me",
                    headers: [.cookie: cookie, .authorization: authorization]
                )
                #expect(answer.status == .unauthorized, "\(authorization)")
            }
        }
    }

    @Test("Closed sign-up is 403, a taken address 409, a bad field names itself")
    func registerRefused() async throws {
        try await TestParley.run(signup: .closed) { parley in
            let answer = try await parley.anonymous.post("/api/auth/register", Self.ada)
            #expect(answer.status == .forbidden)
        }
        try await TestParley.run { parley in
            _ = try await parley.anonymous.post("/api/auth/register", Self.ada)
            #expect(try await parley.anonymous.post("/api/auth/register", Self.ada).status == .conflict)
            let table: [(JSON, String)] = [
                (["password": "correct horse"], "email"),
                (["email": "nonsense", "password": "correct horse"], "email"),
                (["email": "b@example.org"], "password"),
                (["email": "b@example.org", "password": "short"], "password"),
            ]
            for (body, field) in table {
                let answer = try await parley.anonymous.post("/api/auth/register", body)
                #expect(answer.status == .badRequest)
                #expect(answer.parameter == field)
            }
        }
    }
}
