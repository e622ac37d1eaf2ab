import HTTPTypes
import NIOHTTP1
import ParleyCore
import ParleyMetrics
import ParleyServer
import ParleyTesting
import PrometheusMetrics
import Testing

@Suite("GET /metrics", .timeLimit(.minutes(15)))
struct MetricsRoutesTests {
    private static func metrics(_ readers: MetricsPage.Readers) -> ServerMetrics {
        let page = MetricsPage(contentType: PrometheusRegistry.contentType, readers: readers) { Array("a 1\n".utf8) }
        return ServerMetrics(page: page)
    }

    @Test("Answers in Prometheus' format without sign-in, and nobody keeps the answer")
    func page() async throws {
        try await TestParley.run(metrics: Self.metrics(.everyone)) { parley in
            let answer = try await parley.anonymous.get("/metrics", headers: [.forwarded: "for=192.0.2.1"])
            #expect(answer.status == .ok)
            #expect(answer.text == "a 1\n")
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(try await parley.anonymous.call(.head, "/metrics").status == .ok)
        }
    }

    @Test(
        "Where only this machine may read it, a request that a proxy passed on finds nothing",
        arguments: ["Forwarded", "X-Forwarded-For", "x-forwarded-proto", "X-Real-IP", "Via"]
    )
    func proxied(header: String) async throws {
        try await TestParley.run(metrics: Self.metrics(.direct)) { parley in
            #expect(try await parley.anonymous.get("/metrics").status == .ok)
            let name = try #require(HTTPField.Name(header))
            let answer = try await parley.anonymous.get("/metrics", headers: [name: ""])
            #expect(answer.status == .notFound)
            #expect(answer.code == "not_found")
        }
    }

    @Test("Where nobody may, there is no such route")
    func off() async throws {
        try await TestParley.run(metrics: ServerMetrics()) { parley in
            let answer = try await parley.anonymous.get("/metrics")
            #expect(answer.status == .notFound)
            #expect(!parley.routes.contains { $0.hasSuffix(" /metrics") })
        }
    }

    @Test("docs/self-hosting.md tells of every metric, and of none that there isn't")
    func document() throws {
        let text = String(decoding: try Repository.bytes(of: Repository.url("docs/self-hosting.md")), as: UTF8.self)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `parley_") }
        let expected = Metric.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            let kind =
                switch metric.kind {
                case .counter: "counter"
                case .gauge: "gauge"
                case .histogram: "histogram"
                }
            return "| `\(metric.name)` | \(kind) | \(labels) | \(metric.help) |"
        }
        #expect(rows.map(String.init) == expected)
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
    }

    @Test("A real server counts what it does, and tells nothing of what was said")
    func process() async throws {
        try await ParleyHome.with { home in
            try await RunningServer.with(in: home) { server in
                try await LiveCaller.with(server) { caller in
                    let made = try await caller.post("/api/conversations", ["title": "canary"])
                    let id = try #require(made["id"]?.stringValue)
                    let message: JSON = ["role": "user", "content": "canary"]
                    _ = try await caller.post("/api/conversations/\(id)/messages", message)
                    _ = try await caller.post("/api/chat", ["message": "canary"])
                    let outcome = ["outcome": "delivered"]
                    var answer = try await caller.get("/metrics")
                    // A reply is counted a moment after its end is told.
                    while try PrometheusText(answer.bytes).value("parley_replies_total", outcome) != "1" {
                        answer = try await caller.get("/metrics")
                    }
                    #expect(!answer.text.contains("canary") && !answer.text.contains(id))
                    let text = try PrometheusText(answer.bytes)
                    let requests = ["method": "POST", "route": "/api/conversations/{id}/messages", "status": "201"]
                    #expect(text.value("parley_http_requests_total", requests) == "1")
                    let append = ["operation": "append_messages", "outcome": "ok"]
                    #expect(text.value("parley_store_operations_total", append) == "1")
                    #expect(text.value("parley_replies_total", outcome) == "1")
                    #expect(text.value("parley_reply_first_token_seconds_count") == "1")
                    #expect(text.value("parley_http_requests_in_flight") == "1")
                    #expect(text.value("parley_rate_limit_refusals_total", ["limit": "sign-ins"]) == "0")
                    #expect(text["parley_replies_running"]?.type == "gauge")
                    #expect(text["process_resident_memory_bytes"] != nil)
                    for metric in Metric.all {
                        if let help = text[metric.name]?.help { #expect(help == metric.help) }
                    }
                    let passedOn = try await caller.get("/metrics", headers: ["X-Forwarded-For": "192.0.2.1"])
                    #expect(passedOn.status == .notFound)
                }
            }
            try await RunningServer.with(in: home, options: ["--metrics", "off"]) { server in
                let answer = try await LiveCaller.with(server) { try await $0.get("/metrics") }
                #expect(answer.status == .notFound)
            }
        }
    }
}

extension HTTPField.Name {
    fileprivate static let forwarded = HTTPField.Name("Forwarded") ?? .location
}
