import ParleyCore
import ParleyMetrics
import ParleyTesting
import PrometheusMetrics
import Testing

@testable import ParleyChat

@Suite("Replies that have ended are counted", .timeLimit(.minutes(15)))
struct ReplyMetricsTests {
    private let registry = PrometheusRegistry()

    private func counts() throws -> [String: String] {
        let samples = try PrometheusText(registry.text())["parley_replies_total"]?.samples ?? []
        return Dictionary(uniqueKeysWithValues: samples.map { ($0.labels["outcome"] ?? "", $0.value) })
            .filter { $0.value != "0" }
    }

    @Test("A turn's outcome, its time to the first token and its duration")
    func turn() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let stopwatch = TestClock()
        let house = House(provider: provider, stopwatch: stopwatch, metrics: ReplyMetrics(factory: registry))
        try await house.run {
            let turn = try await house.ask()
            try await withThrowingTaskGroup(of: Void.self) { group in
                var followed = house.follow(turn.reply.id, in: &group)
                // The writer sleeps until the lease is to be renewed: it has begun.
                await stopwatch.sleepers(atLeast: 1)
                stopwatch.advance(by: .milliseconds(300))
                feed.yield(.text("Hello"))
                #expect(await followed.delta()?.text == "Hello")
                stopwatch.advance(by: .milliseconds(700))
                feed.finish()
                #expect(await followed.rest().message?.status == .delivered)
                try await group.waitForAll()
            }
            await house.registryIsEmpty()
        }
        #expect(try counts() == ["delivered": "1"])
        let text = try PrometheusText(registry.text())
        #expect(text.value("parley_reply_first_token_seconds_sum") == "0.3")
        #expect(text.value("parley_reply_duration_seconds_sum") == "1")
    }

    @Test(
        "Every way to end has a name",
        arguments: [
            (.finished(ReplyOutcome(status: .delivered)), "delivered"),
            (.finished(ReplyOutcome(status: .delivered, metadata: ["stopped": true])), "stopped"),
            (.finished(ReplyOutcome(status: .failed)), "failed"),
            (.finished(ReplyOutcome(status: .interrupted)), "interrupted"),
            (.leaseLost, "lost"), (.gaveUp, "gave_up"), (nil, "cut_off"),
        ] as [(ReplyStateMachine.Closing?, String)]
    )
    func outcomes(closing: ReplyStateMachine.Closing?, name: String) throws {
        ReplyMetrics(factory: registry).ended(closing)
        #expect(try counts() == [name: "1"])
        // Nothing is known of how long these took.
        #expect(try PrometheusText(registry.text()).value("parley_reply_duration_seconds_count") == "0")
    }
}
