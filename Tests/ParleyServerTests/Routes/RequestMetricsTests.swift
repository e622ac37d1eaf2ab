import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import ParleyCore
import ParleyTesting
import PrometheusMetrics
import Testing

@testable import ParleyServer

@Suite("Requests are counted")
struct RequestMetricsTests {
    private let registry = PrometheusRegistry()
    private let clock = TestClock()

    private var metrics: ServerMetrics { ServerMetrics(factory: registry, slowRequest: .seconds(1), clock: clock) }

    private func value(_ name: String, _ labels: [String: String] = [:]) throws -> String? {
        try PrometheusText(registry.text()).value(name, labels)
    }

    private func context(_ log: CapturedLog = CapturedLog()) -> ServerContext {
        let context = ServerContext(
            source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: log.logger)
        )
        context.coreContext.endpointPath.value = "/thing/{id}"
        return context
    }

    private let request = Request(
        head: HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/thing/canary?q=canary"),
        body: RequestBody(buffer: ByteBuffer())
    )

    @Test("By template, method and status; what no route answers is one route, and made-up methods are one method")
    func labels() async throws {
        try await TestParley.run(metrics: metrics) { [registry] parley in
            let alice = try await parley.caller(.alice)
            let id = try await alice.makeConversation()
            for path in [id, "018f0000-0000-4000-8000-00000000dead", "no id"] {
                _ = try await alice.get("/api/conversations/\(path.replacing(" ", with: "%20"))?limit=canary")
            }
            _ = try await parley.anonymous.get("/api/conversations/\(id)")
            for path in ["/canary", "/api/canary/x", "/c"] { _ = try await parley.anonymous.get(path) }
            _ = try await parley.anonymous.call(try #require(.init("CANARY")), "/canary")
            let text = registry.text()
            #expect(!String(decoding: text, as: UTF8.self).lowercased().contains("canary"))
            #expect(!String(decoding: text, as: UTF8.self).contains(id))
            let samples = try #require(try PrometheusText(text)["parley_http_requests_total"]).samples
            let counts = samples.map { sample in
                ["method", "route", "status"].map { sample.labels[$0] ?? "none" }.joined(separator: " ")
                    + " \(sample.value)"
            }
            #expect(
                Set(counts) == [
                    "POST /api/conversations 201 1", "GET /api/conversations/{id} 400 1",
                    "GET /api/conversations/{id} 404 2", "GET /api/conversations/{id} 401 1", "GET unknown 404 3",
                    "OTHER unknown 404 1",
                ]
            )
            let durations = ["method": "GET", "route": "/api/conversations/{id}"]
            let parsed = try PrometheusText(text)
            #expect(parsed.value("parley_http_request_duration_seconds_count", durations) == "4")
            #expect(parsed.value("parley_http_requests_in_flight") == "0")
        }
    }

    @Test("An answer that is ready counts with the time it took")
    func ready() async throws {
        _ = try await RequestMetrics(metrics).handle(request, context: context()) { [clock, registry] _, _ in
            let running = try PrometheusText(registry.text()).value("parley_http_requests_in_flight")
            #expect(running == "1")
            clock.advance(by: .milliseconds(30))
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "x")))
        }
        #expect(try value("parley_http_requests_in_flight") == "0")
        let route = ["method": "GET", "route": "/thing/{id}"]
        #expect(try value("parley_http_request_duration_seconds_sum", route) == "0.03")
        #expect(try value("parley_http_requests_total", route.merging(["status": "200"]) { $1 }) == "1")
    }

    /// How a stream may end.
    enum Ending: CaseIterable {
        case whole, failing, neverWritten
    }

    @Test("A stream counts when it begins, and its time when it ends, however it does", arguments: Ending.allCases)
    func stream(ending: Ending) async throws {
        struct Gone: Error {}
        let route = ["method": "GET", "route": "/thing/{id}"]
        func response() async throws -> Response {
            try await RequestMetrics(metrics).handle(request, context: context()) { [clock] _, _ in
                Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        clock.advance(by: .seconds(40))
                        if ending == .failing { throw Gone() }
                        try await writer.write(ByteBuffer(string: "x"))
                        try await writer.finish(nil)
                    }
                )
            }
        }
        do {
            let response = try await response()
            clock.advance(by: .seconds(2))
            #expect(try value("parley_http_requests_in_flight") == "1")
            #expect(try value("parley_http_requests_total", route.merging(["status": "200"]) { $1 }) == "1")
            #expect(try value("parley_http_request_duration_seconds_count", route) == "0")
            switch ending {
            case .whole: try await response.body.write(NoWriter())
            case .failing:
                await #expect(throws: Gone.self) { try await response.body.write(NoWriter()) }
            case .neverWritten: break
            }
        }
        #expect(try value("parley_http_requests_in_flight") == "0")
        #expect(try value("parley_http_request_duration_seconds_count", route) == "1")
        let seconds = ending == .neverWritten ? "2" : "42"
        #expect(try value("parley_http_request_duration_seconds_sum", route) == seconds)
    }

    @Test("A request that throws is no longer under way")
    func throwing() async throws {
        await #expect(throws: CancellationError.self) {
            _ = try await RequestMetrics(metrics).handle(request, context: context()) { _, _ in
                throw CancellationError()
            }
        }
        #expect(try value("parley_http_requests_in_flight") == "0")
    }

    // MARK: Slow ones

    private func slowLines(
        after duration: Duration,
        _ answer: @escaping @Sendable () throws -> Response
    ) async throws -> [CapturedLog.Line] {
        let log = CapturedLog()
        let middleware = try #require(SlowRequestLog(metrics))
        // What is thrown goes on its way.
        _ = try? await middleware.handle(request, context: context(log)) { [clock] _, _ in
            clock.advance(by: duration)
            return try answer()
        }
        return log.lines
    }

    @Test("A slow request is logged by its route, and nothing of its own")
    func slow() async throws {
        let line = try #require(try await slowLines(after: .milliseconds(1234)) { Response(status: .conflict) }.first)
        #expect(line.level == .warning)
        #expect(line.message == "A request was slow")
        #expect(
            line.metadata == ["method": "GET", "route": "/thing/{id}", "status": "409", "duration_ms": "1234"]
        )
    }

    @Test("So is one that failed; a quick one and a stream are not")
    func notSlow() async throws {
        let failed = try await slowLines(after: .seconds(1)) { throw ParleyError.notFound }
        #expect(failed.map { $0.metadata["status"] } == ["404"])
        #expect(try await slowLines(after: .milliseconds(999)) { Response(status: .ok) } == [])
        #expect(try await slowLines(after: .seconds(9)) { Response(status: .ok, body: ResponseBody { _ in }) } == [])
        #expect(SlowRequestLog(ServerMetrics(factory: registry)) == nil)
    }

    @Test("Through the whole server it bears the request's id; a turn that waits for its model is not slow")
    func wholeServer() async throws {
        let log = CapturedLog()
        let provider = SlowProvider(clock: clock)
        let limiter = SlowLimiter(clock: clock)
        try await TestParley.run(provider: provider, limiter: limiter, metrics: metrics, logger: log.logger) { parley in
            let alice = try await parley.caller(.alice)
            let answer = try await alice.post("/api/conversations", ["title": "canary"])
            #expect(try await alice.post("/api/chat", ["message": "canary"]).status == .ok)
            let slow = log.lines.filter { $0.message == "A request was slow" }
            #expect(slow.map { $0.metadata["route"] } == ["/api/conversations"])
            let id = try #require(answer.headers[HTTPField.Name("X-Request-ID") ?? .location])
            #expect(slow.first?.metadata["request_id"] == id)
            #expect(!slow.contains { $0.metadata.description.contains("canary") })
        }
    }
}

/// Takes what it is given, and keeps nothing.
private struct NoWriter: ResponseBodyWriter {
    mutating func write(_ buffer: ByteBuffer) async throws {}
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// Lets two seconds pass before it answers.
private struct SlowProvider: ReplyProvider {
    let clock: TestClock

    func reply(to prompt: Prompt, consume: (ReplyChunk) async throws -> Void) async throws {
        clock.advance(by: .seconds(2))
        try await consume(.text("At last."))
    }
}

/// Lets two seconds pass where conversations are made through their own route.
private struct SlowLimiter: RateLimiter {
    let clock: TestClock

    func take(_ key: String, from limit: RateLimit) async -> Duration? {
        if limit == .newConversations { clock.advance(by: .seconds(2)) }
        return nil
    }
}
