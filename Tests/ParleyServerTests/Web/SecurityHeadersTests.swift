import HTTPTypes
import ParleyCore
import ParleyTesting
import ParleyWeb
import Testing

@Suite("What every answer bears")
struct SecurityHeadersTests {
    private struct Request: Sendable, CustomTestStringConvertible {
        var method = HTTPRequest.Method.get
        let path: String
        var body: String?
        var isSignedIn = true
        var headers: HTTPFields = [:]
        let status: Int

        var testDescription: String { "\(method) \(path) \(status)" }

        static let all = [
            Request(path: "/", status: 200), Request(method: .head, path: "/", status: 200),
            Request(path: "/c/x", status: 200), Request(path: "/assets/app.js", status: 200),
            Request(path: "/assets/app.js", headers: [.ifNoneMatch: "*"], status: 304),
            Request(path: "/assets/nope.js", status: 404), Request(path: "/openapi.yaml", status: 200),
            Request(path: "/health/live", status: 200), Request(path: "/health/ready", status: 200),
            Request(path: "/nope", status: 404), Request(path: "/api/nope", status: 404),
            Request(method: .delete, path: "/", status: 404), Request(path: "/api/conversations", status: 200),
            Request(path: "/api/conversations", isSignedIn: false, status: 401),
            Request(path: "/api/conversations?limit=0", status: 400),
            Request(method: .post, path: "/api/conversations", body: "{", status: 400),
            Request(method: .post, path: "/api/conversations", body: "{}", status: 201),
            Request(method: .post, path: "/api/chat", body: #"{"message":"Hi"}"#, status: 200),
            Request(method: .post, path: "/api/chat", body: #"{"message":"Hi","stream":true}"#, status: 200),
            Request(method: .post, path: "/api/auth/login", body: "{}", isSignedIn: false, status: 400),
            Request(
                method: .post,
                path: "/api/conversations",
                body: "{}",
                headers: [.contentType: "text/plain"],
                status: 415
            ),
        ]
    }

    @Test("Page, file, API, stream and error alike", arguments: Request.all)
    private func headers(request: Request) async throws {
        try await TestParley.run { parley in
            let caller = request.isSignedIn ? try await parley.caller(.alice) : parley.anonymous
            var ids: Set<String> = []
            for _ in 1...2 {
                let answer = try await caller.call(
                    request.method,
                    request.path,
                    headers: request.headers,
                    body: request.body.map { Array($0.utf8) }
                )
                #expect(answer.status.code == request.status)
                let policy = try #require(answer.headers[.contentSecurityPolicy])
                #expect(policy.contains("default-src 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(!policy.contains("*"))
                // Only the one policy may make HTML of a text.
                #expect(policy.contains("require-trusted-types-for 'script'; trusted-types parley-markdown"))
                #expect(answer.headers[.xContentTypeOptions] == "nosniff")
                for (name, value) in [
                    ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
                    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
                ] {
                    let field = try #require(HTTPField.Name(name))
                    #expect(answer.headers[field] == value, "\(name)")
                }
                let requestID = try #require(HTTPField.Name("X-Request-ID"))
                let id = try #require(answer.headers[requestID])
                ids.insert(id)
                if request.status >= 400 { #expect(answer["error"]?["request_id"]?.stringValue == id) }
                if request.path.hasPrefix("/api/") { #expect(answer.headers[.cacheControl] == "no-store") }
            }
            #expect(ids.count == 2)
        }
    }
}
