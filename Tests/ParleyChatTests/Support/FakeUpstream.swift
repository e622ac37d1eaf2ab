import AsyncHTTPClient
import Hummingbird
import Logging
import NIOCore
import ParleyCore
import ParleyOpenAI
import Synchronization
import Testing

/// A model's server that answers as a test wants it to, on a loopback port.
final class FakeUpstream: Sendable {
    /// How it answers.
    typealias Answer = @Sendable (Request) async throws -> Response

    /// What it was asked.
    struct Asked: Sendable {
        let path: String
        let authorization: String?
        let body: JSON
    }

    private let requests = Mutex<[Asked]>([])
    private let answer: Answer
    private let readsBodies: Bool

    private init(readsBodies: Bool, _ answer: @escaping Answer) {
        self.readsBodies = readsBodies
        self.answer = answer
    }

    /// What it was asked, in order.
    var asked: [Asked] { requests.withLock { $0 } }

    /// Runs a server as long as `body` runs, which gets its base address, up to and with `/v1`.
    ///
    /// One that leaves the bodies of requests to `answer` remembers none.
    static func run<Result: Sendable>(
        readsBodies: Bool = true,
        _ answer: @escaping Answer,
        _ body: @escaping @Sendable (FakeUpstream, _ url: String) async throws -> Result
    ) async throws -> Result {
        let upstream = FakeUpstream(readsBodies: readsBodies, answer)
        let (ports, running) = AsyncStream.makeStream(of: Int?.self)
        let router = Router()
        router.post("/v1/chat/completions") { request, _ in try await upstream.respond(to: request) }
        let app = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { running.yield($0.localAddress?.port) },
            logger: silentLogger
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            defer { group.cancelAll() }
            let port = try #require(await ports.first { _ in true } ?? nil)
            return try await body(upstream, "http://127.0.0.1:\(port)/v1")
        }
    }

    private func respond(to request: Request) async throws -> Response {
        guard readsBodies else { return try await answer(request) }
        var request = request
        let bytes = try await request.collectBody(upTo: 1 << 22)
        let asked = Asked(
            path: request.uri.path,
            authorization: request.headers[.authorization],
            body: try JSON(parsing: bytes.readableBytesView)
        )
        requests.withLock { $0.append(asked) }
        return try await answer(request)
    }
}

extension Response {
    /// A stream of these pieces, after which `then` runs; where it throws, the connection breaks.
    static func stream(_ pieces: [String], then: @escaping @Sendable () async throws -> Void = {}) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream; charset=utf-8"],
            body: ResponseBody { writer in
                for piece in pieces { try await writer.write(ByteBuffer(string: piece)) }
                try await then()
                try await writer.finish(nil)
            }
        )
    }

    /// A JSON answer.
    static func json(_ status: HTTPResponse.Status, _ body: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body))
        )
    }
}

/// A chunk of a chat completion with some text, as an event.
func textEvent(_ text: String) -> String {
    "data: \(JSON.object(["model": "m-1", "choices": [["index": 0, "delta": ["content": .string(text)]]]]).text)\n\n"
}

/// A logger that says nothing.
let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
