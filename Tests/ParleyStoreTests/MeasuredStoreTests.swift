import ParleyCore
import ParleyMetrics
import ParleySQLite
import ParleyTesting
import PrometheusMetrics
import Testing

@testable import ParleyStore

@Suite("What is asked of stores and limits is counted")
struct MeasuredStoreTests {
    private let registry = PrometheusRegistry()

    private func count(_ operation: String, _ outcome: String) throws -> String? {
        try PrometheusText(registry.text())
            .value("parley_store_operations_total", ["operation": operation, "outcome": outcome])
    }

    @Test("Each operation by its name and outcome, and how long it took")
    func operations() async throws {
        let store = MeasuredStore(MemoryStore(clock: ManualClock()), factory: registry)
        let conversation = try await store.createConversation(NewConversation(), as: .alice).value
        for text in ["a", "b"] {
            let message = NewMessage(role: .user, content: text)
            _ = try await store.appendMessages([message], to: conversation.id, expectedRevision: nil, as: .alice)
        }
        await #expect(throws: ParleyError.self) {
            _ = try await store.conversation(conversation.id, newestMessages: 5, as: .bob)
        }
        #expect(try count("create_conversation", "ok") == "1")
        #expect(try count("append_messages", "ok") == "2")
        #expect(try count("append_messages", "refused") == "0")
        #expect(try count("conversation", "refused") == "1")
        #expect(try count("conversation", "ok") == "0")
        let text = try PrometheusText(registry.text())
        let durations = "parley_store_operation_duration_seconds_count"
        #expect(text.value(durations, ["operation": "append_messages"]) == "2")
        #expect(text.value(durations, ["operation": "set_draft"]) == "0")
        #expect(!String(decoding: registry.text(), as: UTF8.self).contains(conversation.id.description))
    }

    @Test(
        "What an error means for the operator is its outcome",
        arguments: [
            (ParleyError.notFound, "refused"), (ParleyError.stale(revision: 1), "refused"),
            (ParleyError.unavailable("x"), "unavailable"), (ParleyError(.internalError, "x"), "failed"),
            (CancellationError(), "cancelled"), (Strange(), "failed"),
        ] as [(any Error & Sendable, String)]
    )
    func outcomes(error: any Error & Sendable, outcome: String) async throws {
        let store = MeasuredStore(MemoryStore(clock: ManualClock()), factory: registry)
        await #expect(throws: (any Error).self) { try await store.measure(.renew) { throw error } }
        #expect(try count("renew", outcome) == "1")
        let others = try PrometheusText(registry.text())["parley_store_operations_total"]?.samples
        #expect(others?.filter { $0.value != "0" }.count == 1)
    }

    private struct Strange: Error {}

    @Test("The time is that of the operation")
    func time() async throws {
        let clock = TestClock()
        let store = MeasuredStore(MemoryStore(clock: ManualClock()), factory: registry, clock: clock)
        let value = try await store.measure(.search) {
            clock.advance(by: .milliseconds(30))
            return 5
        }
        #expect(value == 5)
        let sum = try PrometheusText(registry.text())
            .value("parley_store_operation_duration_seconds_sum", ["operation": "search"])
        #expect(sum == "0.03")
    }

    @Test("How many writes share a commit, by SQLite's store")
    func batches() async throws {
        try await TemporaryDirectory.with { directory in
            let metrics = BatchMetrics(batch: "writes", factory: registry)
            let path = directory.path("store.db")
            let store = try await SQLiteStore.open(path: path, logger: .quiet, metrics: metrics)
            let before = try value("parley_store_batch_size_sum", ["batch": "writes"])
            for _ in 0..<3 { _ = try await store.createConversation(NewConversation(), as: .alice) }
            try await store.close()
            let after = try value("parley_store_batch_size_sum", ["batch": "writes"])
            #expect(Int(after ?? "") == Int(before ?? "").map { $0 + 3 })
        }
    }

    @Test("Each time that a subscriber is told it missed events")
    func gaps() async throws {
        let bus = InProcessEventBus(capacity: 2, metrics: BusMetrics(factory: registry))
        let (project, conversation) = (ProjectID(high: 1, low: 1), ConversationID(high: 2, low: 2))
        let event = Event(
            projectID: project,
            conversationID: conversation,
            kind: .delta(ReplyDelta(messageID: MessageID(high: 3, low: 3), index: 0, text: "a")),
            timestamp: .example
        )
        try await bus.withSubscription(to: .project(project)) { _ in
            for _ in 0..<2 { await bus.publish([event]) }
            let before = try value("parley_bus_gaps_total", ["reason": "queue"])
            await bus.publish([event])
            let after = try value("parley_bus_gaps_total", ["reason": "queue"])
            #expect(before == "0" && after == "1")
        }
    }

    private func value(_ name: String, _ labels: [String: String]) throws -> String? {
        try PrometheusText(registry.text()).value(name, labels)
    }

    @Test("Refusals of limits by the limit's name, from zero on, also of a limit that nobody knew")
    func limits() async throws {
        let names = MeasuredRateLimiter.limits
        let metrics = LimiterMetrics(limits: names, factory: registry)
        let limiter = MeasuredRateLimiter(InProcessRateLimiter(clock: TestClock()), metrics: metrics)
        let strange = RateLimit(name: "strange", 1, per: .seconds(1), burst: 1)
        for limit in [RateLimit.signIns, strange] {
            for _ in 0..<limit.burst { #expect(await limiter.take("alice", from: limit) == nil) }
            #expect(await limiter.take("alice", from: limit) != nil)
            #expect(await limiter.take("alice", from: limit) != nil)
        }
        let refusals = try #require(try PrometheusText(registry.text())["parley_rate_limit_refusals_total"])
        let byName = Dictionary(uniqueKeysWithValues: refusals.samples.map { ($0.labels["limit"] ?? "", $0.value) })
        var expected = Dictionary(uniqueKeysWithValues: names.map { ($0, "0") })
        expected["sign-ins"] = "2"
        expected["strange"] = "2"
        #expect(byName == expected)
        #expect(names.count == 6)
    }
}
