import AsyncHTTPClient
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import NIOPosix
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("Limits over HTTP")
struct LimitsTests {
    private static let creation = "/api/conversations"

    /// A limit of a field, and a body that meets it with some count.
    private enum Field: String, CaseIterable, CustomTestStringConvertible {
        case title, description, metadataSize, metadataDepth

        var testDescription: String { rawValue }

        var name: String { rawValue.hasPrefix("metadata") ? "metadata" : rawValue }

        var limit: Int {
            switch self {
            case .title: 256
            case .description: 4096
            case .metadataSize: 16 * 1024 - #"{"k":""}"#.utf8.count
            case .metadataDepth: 31
            }
        }

        func body(_ count: Int) -> JSON {
            switch self {
            case .title: ["title": .string(String(repeating: "東", count: count))]
            case .description: ["description": .string(String(repeating: "é", count: count))]
            case .metadataSize: ["metadata": ["k": .string(String(repeating: "x", count: count))]]
            case .metadataDepth: ["metadata": ["k": LimitsTests.nested(count)]]
            }
        }
    }

    @Test("A field at its limit is taken, and one beyond is refused by name", arguments: Field.allCases)
    private func fields(field: Field) async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            #expect(try await alice.post(Self.creation, field.body(field.limit)).status == .created)
            let refused = try await alice.post(Self.creation, field.body(field.limit + 1))
            #expect(refused.status == .badRequest)
            #expect(refused.code == "invalid_request")
            #expect(refused.parameter == field.name)
        }
    }

    @Test(
        "A message's text at the limit of its role is taken, and one byte more is refused",
        arguments: [("user", 64 * 1024), ("system", 64 * 1024), ("tool", 64 * 1024), ("assistant", 1024 * 1024)]
    )
    func content(role: String, limit: Int) async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let path = "/api/conversations/\(try await alice.makeConversation())/messages"
            for (count, status) in [(limit, HTTPResponse.Status.created), (limit + 1, .badRequest), (0, .badRequest)] {
                let text = String(repeating: "x", count: count)
                let answer = try await alice.post(path, ["role": .string(role), "content": .string(text)])
                #expect(answer.status == status)
                if status == .created { #expect(answer["messages"]?[0]?["content"]?.stringValue == text) }
                if status == .badRequest { #expect(answer.parameter == "content") }
            }
        }
    }

    @Test("An append takes 1 to 100 messages", arguments: [(0, 400), (1, 201), (100, 201), (101, 400)])
    func messages(count: Int, status: Int) async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            let messages = [JSON](repeating: ["role": "user", "content": "x"], count: count)
            let answer = try await alice.post("/api/conversations/\(id)/messages", ["messages": .array(messages)])
            #expect(answer.status.code == status)
            let stored = try await alice.get("/api/conversations/\(id)")
            #expect(stored["message_count"]?.intValue == (status == 201 ? count : 0))
        }
    }

    @Test(
        "A body that says it is over its route's limit is 413 before any of it is read",
        arguments: [("/api/conversations", 256 * 1024), ("/api/chat", 8 * 1024 * 1024)]
    )
    func announcedBody(path: String, limit: Int) async throws {
        try await TestParley.run(.ahc()) { parley in
            let authorization = try #require(try await parley.caller(.alice).headers[.authorization])
            let request = """
                POST \(path) HTTP/1.1\r
                Host: a\r
                Authorization: \(authorization)\r
                Content-Type: application/json\r
                Content-Length: \(limit + 1)\r
                \r

                """
            let answer = try await RawConnection.answer(to: request, port: try #require(parley.client.port))
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains(#""code":"payload_too_large""#))
        }
    }

    @Test(
        "A body that turns out to be over its route's limit is 413",
        arguments: [("/api/conversations", 256 * 1024), ("/api/chat", 8 * 1024 * 1024)]
    )
    func streamedBody(path: String, limit: Int) async throws {
        try await TestParley.run(.ahc()) { parley in
            let alice = try await parley.caller(.alice)
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(try #require(parley.client.port))\(path)")
            request.method = .POST
            request.headers.add(name: "Authorization", value: alice.headers[.authorization] ?? "")
            request.headers.add(name: "Content-Type", value: "application/json")
            // White space before a value is as good as anything else to be too much.
            let body = ByteBuffer(repeating: UInt8(ascii: " "), count: limit + 1)
            request.body = .stream(OneBuffer(buffer: body), length: .unknown)
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            #expect(response.status == .payloadTooLarge)
            let answer = try await JSON(parsing: response.body.collect(upTo: 4096).readableBytesView)
            #expect(answer["error"]?["code"] == "payload_too_large")
        }
    }

    @Test(
        "A body of another kind is 415, and any way to say JSON is taken",
        arguments: [
            ("text/plain", nil, 415), ("multipart/form-data; boundary=x", nil, 415), ("", nil, 415),
            ("application/json; charset=utf-8", nil, 201), ("Application/JSON", nil, 201),
            ("application/vnd.api+json", nil, 201), ("application/json", "identity", 201),
            ("application/json", "gzip", 415), ("application/json", "br, identity", 415),
        ] as [(String, String?, Int)]
    )
    func mediaType(type: String, encoding: String?, status: Int) async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            var headers: HTTPFields = [.contentType: type]
            headers[.contentEncoding] = encoding
            let answer = try await alice.call(.post, Self.creation, headers: headers, body: Array("{}".utf8))
            #expect(answer.status.code == status)
            if status == 415 { #expect(answer.code == "unsupported_media_type") }
        }
    }

    @Test("A body may nest 64 deep, and no deeper; what is ignored counts too")
    func depth() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            #expect(try await alice.post(Self.creation, ["other": Self.nested(63)]).status == .created)
            #expect(try await alice.post(Self.creation, ["other": Self.nested(64)]).status == .badRequest)
        }
    }

    @Test("Of the JSON parsing suite, what must be refused is 400, and nothing is our fault")
    func parsingSuite() async throws {
        let files = try Repository.files(in: "Tests/ParleyCoreTests/Fixtures/test_parsing")
        #expect(files.count == 318)
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            for file in files {
                let bytes = try Repository.bytes(of: file)
                let answer = try await alice.call(.post, Self.creation, body: bytes)
                let name = file.lastPathComponent
                // No body at all is the one thing of the suite that we take for an empty object.
                if name.hasPrefix("n_"), !bytes.isEmpty { #expect(answer.status == .badRequest, "\(name)") }
                #expect(answer.status.code < 500, "\(name)")
            }
            #expect(try await alice.get(Self.creation).status == .ok)
        }
    }

    @Test("The 61st new conversation of a minute is 429 and says when to come back, which is true")
    func newConversations() async throws {
        let clock = TestClock()
        try await TestParley.run(limiter: InProcessRateLimiter(clock: clock)) { parley in
            let alice = try await parley.caller(.alice)
            for _ in 1...60 { #expect(try await alice.post(Self.creation).status == .created) }
            let refused = try await alice.post(Self.creation)
            #expect(refused.status == .tooManyRequests)
            #expect(refused.code == "rate_limited")
            #expect(refused.headers[.retryAfter] == "1")
            #expect(try await parley.caller(.bob).post(Self.creation).status == .created)
            clock.advance(by: .seconds(1))
            #expect(try await alice.post(Self.creation).status == .created)
            #expect(try await alice.post(Self.creation).status == .tooManyRequests)
            #expect(try await alice.get(Self.creation + "?limit=100")["conversations"]?.arrayValue?.count == 61)
        }
    }

    @Test(
        "What is no proper request is 400",
        arguments: [
            "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: \r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n",
            "GET /\(String(repeating: "x", count: 8192)) HTTP/1.1\r\nHost: a\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX-Long: \(String(repeating: "x", count: 16_384))\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 101))",
            "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n",
        ]
    )
    func improper(request: String) async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let answer = try await RawConnection.answer(to: request + "Connection: close\r\n\r\n", port: port)
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer.prefix(200))")
            let good = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            #expect(try await RawConnection.answer(to: good, port: port).hasPrefix("HTTP/1.1 200 "))
        }
    }

    private static func nested(_ depth: Int) -> JSON {
        (0..<depth).reduce(.null) { inner, _ in .array([inner]) }
    }
}

/// A body that comes in one piece and does not say how long it is.
private struct OneBuffer: AsyncSequence, Sendable {
    let buffer: ByteBuffer

    func makeAsyncIterator() -> AsyncStream<ByteBuffer>.Iterator {
        AsyncStream { continuation in
            continuation.yield(buffer)
            continuation.finish()
        }
        .makeAsyncIterator()
    }
}
