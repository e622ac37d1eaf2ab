import Logging
import Metrics
import ParleyCore
import ParleyLive
import ParleyMetrics
import ParleyTesting
import PrometheusMetrics
import Testing

@testable import ParleyServer
@testable import parley

@Suite("How an instance is doing", .timeLimit(.minutes(15)))
struct InstanceWatchTests {
    private let registry = PrometheusRegistry()
    private let clock = ManualClock()
    private let stopwatch = TestClock()
    private let slow: SlowStatements
    private let watch: InstanceWatch

    init() {
        slow = SlowStatements(clock: stopwatch)
        watch = InstanceWatch(
            instance: "test/1",
            version: "0.1",
            sources: .init(
                metrics: Watching.reader(of: registry),
                live: { LiveCensus(sockets: 3, streams: 1, people: 2) },
                runningReplies: { 5 },
                slowStatements: slow,
                slowStatement: .milliseconds(500)
            ),
            clock: clock,
            stopwatch: stopwatch
        )
    }

    private func report() throws -> JSON {
        var writer = JSONWriter()
        writer.instance(watch)
        return try JSON(parsing: writer.bytes)
    }

    private func count(_ metric: Metric, _ values: String..., times: Int) {
        switch values.count {
        case 1: metric.counter(values[0], factory: registry).increment(by: times)
        default: metric.counter(values[0], values[1], values[2], factory: registry).increment(by: times)
        }
    }

    @Test("An instance that has done nothing says so, and that it has no cache")
    func idle() throws {
        let report = try report()
        #expect(report["instance"] == "test/1" && report["version"] == "0.1")
        #expect(report["live"] == ["sockets": 3, "streams": 1, "people": 2])
        #expect(report["requests"]?["total"] == 0)
        #expect(report["cache"] == nil)
        #expect(report["replies"]?["running"] == 5)
        #expect(report["store"] == [])
        #expect(report["slow_statements"] == ["threshold_ms": 500, "statements": []])
        #expect(report["series"]?["samples"] == [])
    }

    @Test("What is told is what was counted")
    func counts() throws {
        count(.httpRequests, "GET", "/a", "200", times: 4)
        count(.httpRequests, "POST", "/a", "201", times: 1)
        count(.httpRequests, "GET", "/b", "404", times: 2)
        for (kind, times) in [("hit", 5), ("local_hit", 3), ("miss", 1), ("stale", 1), ("streaming", 9)] {
            count(.cacheReads, kind, times: times)
        }
        count(.replies, "failed", times: 2)
        let durations = Metric.storeDurations.timer("search", factory: registry)
        for milliseconds in [2, 2, 2, 400] { durations.record(duration: Duration.milliseconds(milliseconds)) }
        let statements = StatementMetrics(
            threshold: .milliseconds(500),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            factory: registry,
            memory: slow
        )
        statements.ran("search", for: .milliseconds(700))
        stopwatch.advance(by: .seconds(5))
        clock.advance(by: .seconds(5))
        statements.ran("search", for: .milliseconds(600))
        statements.ran("draft", for: .milliseconds(499))
        stopwatch.advance(by: .seconds(2))
        clock.advance(by: .seconds(2))

        let report = try report()
        #expect(report["uptime_seconds"] == 7)
        #expect(report["requests"]?["total"] == 7)
        #expect(report["requests"]?["by_status"]?["2xx"] == 5 && report["requests"]?["by_status"]?["4xx"] == 2)
        #expect(report["cache"] == ["hits": 8, "misses": 2, "rate": .number(try #require(JSONNumber(0.8)))])
        #expect(report["replies"]?["failed"] == 2)
        let search = try #require(report["store"]?.arrayValue?.first)
        #expect(search["operation"] == "search" && search["count"] == 4)
        #expect(search["mean_ms"] == .number(try #require(JSONNumber(101.5))))
        let entry = try #require(report["slow_statements"]?["statements"]?.arrayValue)
        #expect(entry.count == 1)
        #expect(entry[0]["name"] == "search" && entry[0]["count"] == 2 && entry[0]["slowest_ms"] == 700)
        #expect(entry[0]["last_at"] == .string((clock.now() + .seconds(-2)).description))
    }

    @Test("Every ten seconds there is a sample of what has come since, and those of an hour are kept")
    func samples() async throws {
        let running = Task { await watch.run() }
        await stopwatch.sleepers(atLeast: 1)
        count(.httpRequests, "GET", "/a", "200", times: 20)
        count(.cacheReads, "hit", times: 3)
        count(.cacheReads, "miss", times: 1)
        count(.replies, "failed", times: 1)
        clock.advance(by: .seconds(10))
        stopwatch.advance(by: .seconds(10))
        await stopwatch.sleepers(atLeast: 1)
        stopwatch.advance(by: .seconds(10))
        await stopwatch.sleepers(atLeast: 1)
        running.cancel()
        await running.value
        let samples = watch.samples
        #expect(samples.map(\.requestRate) == [2, 0])
        #expect(samples.map(\.cacheRate) == [0.75, nil])
        #expect(samples.map(\.failedReplies) == [1, 0])
        #expect(samples.map(\.connections) == [4, 4])
        #expect(samples.map(\.runningReplies) == [5, 5])
        #expect(samples.first?.at == .example + .seconds(10))
        #expect(try report()["series"]?["samples"]?.arrayValue?.count == 2)

        for _ in 0..<400 { watch.sample() }
        #expect(watch.samples.count == 360)
    }

    @Test("Only so many slow statements are remembered; the one that was slow longest ago is forgotten")
    func bounds() {
        for number in 0..<SlowStatements.capacity + 1 {
            stopwatch.advance(by: .seconds(1))
            slow.note("statement \(number)", .seconds(number + 1))
        }
        #expect(slow.entries.count == SlowStatements.capacity)
        #expect(!slow.entries.contains { $0.name == "statement 0" })
        #expect(slow.entries.first?.name == "statement \(SlowStatements.capacity)")
    }

    @Test("What is counted is counted for an operator too where nobody may read /metrics")
    func operatorsWithoutMetrics() throws {
        let values = ["metrics": "off", "operators": "ada@example.org"]
        let watching = Watching(settings: try Settings(values: values))
        Metric.replies.counter("failed", factory: watching.factory).increment()
        #expect(watching.reader.total(of: .replies) == 1)
        #expect(watching.serverMetrics(try Settings(values: values)).page == nil)
        let nobody = Watching(settings: try Settings(values: ["metrics": "off"]))
        Metric.replies.counter("failed", factory: nobody.factory).increment()
        #expect(nobody.reader.total(of: .replies) == 0)
    }
}
