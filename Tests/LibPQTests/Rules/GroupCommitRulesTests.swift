import Testing

@testable import LibPQ

struct GroupCommitRulesTests {
    private func refused(_ sqlState: String) -> PostgresError {
        PostgresError(.refused, "no", sqlState: SQLState(rawValue: sqlState))
    }

    private func batch(_ work: CommitLane<Int>.Work) -> [Int]? {
        if case .batch(let elements) = work { elements } else { nil }
    }

    @Test func `what comes while a batch is written is the next batch`() {
        var lane = CommitLane<Int>(capacity: 8, batchSize: 3)
        #expect(lane.add(1) == .wait)
        #expect(batch(lane.next()) == [1])
        for element in 2...5 { #expect(lane.add(element) == .wait) }
        #expect(batch(lane.next()) == [2, 3, 4])
        #expect(batch(lane.next()) == [5])
        #expect(batch(lane.next()) == nil)
        #expect(lane.isAsleep)
        #expect(lane.add(6) == .wake, "the first wakes the writer, and only the first")
        #expect(lane.add(7) == .wait)
    }

    @Test func `a full lane and a closed one refuse, and what waits is written`() {
        var lane = CommitLane<Int>(capacity: 1, batchSize: 3)
        _ = lane.add(1)
        #expect(lane.add(2) == .full)
        #expect(lane.close() == false)
        #expect(lane.add(3) == .closed)
        #expect(batch(lane.next()) == [1])
        if case .end = lane.next() {} else { Issue.record("It must end.") }
    }

    @Test func `a batch and a queue are bounded by weight, and one that is too heavy goes by itself`() {
        var lane = CommitLane<Int>(capacity: 6, batchSize: 3)
        #expect(lane.add(1, weight: 9) == .wait)
        #expect(lane.add(2) == .full)
        #expect(batch(lane.next()) == [1])
        for (element, weight) in [(2, 2), (3, 2), (4, 1), (5, 1)] {
            #expect(lane.add(element, weight: weight) == .wait)
        }
        #expect(lane.add(6) == .full)
        #expect(batch(lane.next()) == [2])
        #expect(batch(lane.next()) == [3, 4])
        #expect(lane.add(7, weight: 5) == .wait)
        #expect(batch(lane.next()) == [5])
        #expect(batch(lane.next()) == [7])
    }

    @Test func `those who have waited too long are taken out from the front, and make room`() {
        var lane = CommitLane<Int>(capacity: 3, batchSize: 3)
        for element in 1...3 { _ = lane.add(element) }
        #expect(lane.drop { $0 < 3 } == [1, 2])
        #expect(lane.drop { $0 < 3 } == [])
        #expect(lane.add(4, weight: 2) == .wait)
        #expect(batch(lane.next()) == [3, 4])
    }

    @Test func `closing wakes a writer that sleeps, and giving up hands out what waits`() {
        var lane = CommitLane<Int>(capacity: 8, batchSize: 3)
        _ = lane.next()
        #expect(lane.close() == true)
        #expect(lane.close() == false)
        var other = CommitLane<Int>(capacity: 8, batchSize: 3)
        _ = other.add(1)
        #expect(other.abandon() == [1])
        #expect(other.add(2) == .closed)
        #expect(other.count == 0)
    }

    @Test(arguments: [1, 2, 3, 7, 128]) func `each bad item fails alone, wherever it is`(count: Int) {
        for bad in 0..<count {
            var plan = BatchPlan(count: count, attempts: 3)
            var committed: [Int] = []
            var failed: [Int] = []
            var attempts = 0
            while let part = plan.present {
                attempts += 1
                if part.contains(bad) {
                    if plan.failed(refused("23505")) == .fail { failed += part }
                } else {
                    committed += part
                    plan.succeeded()
                }
            }
            #expect(failed == [bad])
            #expect(committed == (0..<count).filter { $0 != bad }, "in the order that they came in")
            #expect(attempts <= 15)
        }
    }

    @Test func `who stands in the way is waited for, but not for ever`() {
        var plan = BatchPlan(count: 2, attempts: 3)
        #expect(plan.failed(refused("40P01")) == .again(failures: 1))
        #expect(plan.failed(refused("40001")) == .again(failures: 2))
        #expect(plan.failed(refused("40P01")) == .split)
        #expect(plan.failed(refused("40P01")) == .again(failures: 1))
        plan.succeeded()
        #expect(plan.present == 1..<2)
    }

    @Test(arguments: [
        PostgresError(.connectionLost, ""), PostgresError(.unreachable, ""), PostgresError(.deadline, ""),
        PostgresError(.exhausted, ""), PostgresError(.closed, ""), PostgresError(.misuse, ""),
        PostgresError(.refused, "", sqlState: SQLState(rawValue: "53100")),
        PostgresError(.refused, "", sqlState: .readOnlySQLTransaction),
        PostgresError(.refused, "", sqlState: .adminShutdown),
    ]) func `a fault that is no item's fails all that are left`(error: PostgresError) {
        var plan = BatchPlan(count: 4, attempts: 3)
        _ = plan.failed(refused("22P02"))
        #expect(plan.present == 0..<2)
        #expect(plan.failed(error) == .failAll)
        #expect(plan.present == nil)
    }

    @Test func `an error that isn't PostgreSQL's is taken for an item's own`() {
        var plan = BatchPlan(count: 2, attempts: 3)
        #expect(plan.failed(nil) == .split)
        #expect(plan.failed(nil) == .fail)
        #expect(plan.present == 1..<2)
    }

    @Test func `waits grow to their limit and are never the same for all`() {
        let backoff = PostgresBackoff(first: .milliseconds(50), limit: .seconds(1))
        #expect(
            (1...8).map { backoff.delay(afterFailures: $0, random: 1) } == [
                .milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
                .seconds(1), .seconds(1), .seconds(1),
            ]
        )
        #expect(backoff.delay(afterFailures: 1, random: 0) == .milliseconds(25))
        #expect(backoff.delay(afterFailures: .max, random: 1) == .seconds(1))
    }
}
