import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@Suite("Many tasks whose questions go together")
struct GatheringOrderTests {
    /// Counts what happens: later is more.
    private final class Tally: Sendable {
        private let count = Atomic(0)
        func next() -> Int { count.add(1, ordering: .sequentiallyConsistent).newValue }
    }

    private struct Failure: Error {}

    private enum Outcome {
        case answered
        case wrong
        case cancelled
        case failed
    }

    /// What a reader is told must not be older than their question, or a write acknowledged before it could be missing.
    @Test("nobody is told what was looked up before they asked, though many are cancelled and some questions fail")
    func neverBefore() async throws {
        let tally = Tally()
        let gathering = Gathering<Int, Int, Int>(maximumOutstanding: 2, maximumBatch: 7, maximumWaiting: 1000) {
            _,
            questions in
            let time = tally.next()
            for _ in 0..<(time % 5) { await Task.yield() }
            try Task.checkCancellation()
            if time % 11 == 0 { throw Failure() }
            return questions.map { $0 * 1_000_000 + time }
        }
        let outcomes = await withTaskGroup(of: Outcome.self) { group in
            for number in 0..<600 {
                group.addTask { await Self.ask(number, gathering, tally) }
            }
            var outcomes: [Outcome: Int] = [:]
            for await outcome in group { outcomes[outcome, default: 0] += 1 }
            return outcomes
        }
        #expect(gathering.count == 0)
        #expect(outcomes[.answered, default: 0] > 100)
        #expect(outcomes[.cancelled, default: 0] > 10)
        #expect(outcomes[.failed, default: 0] > 0)
        #expect(outcomes[.wrong] == nil)
    }

    /// One who asks, and is cancelled now and then.
    private static func ask(_ number: Int, _ gathering: Gathering<Int, Int, Int>, _ tally: Tally) async -> Outcome {
        var random = SplitMix64(seed: UInt64(number))
        for _ in 0..<random.place(in: 20) { await Task.yield() }
        let question = random.place(in: 9)
        let asking = Task {
            let before = tally.next()
            let answer = try await gathering.ask(question, in: number % 2).answer
            return answer / 1_000_000 == question && answer % 1_000_000 > before
        }
        if random.oneIn(3) {
            for _ in 0..<random.place(in: 10) { await Task.yield() }
            asking.cancel()
        }
        do {
            return try await asking.value ? .answered : .wrong
        } catch is CancellationError {
            return .cancelled
        } catch {
            return .failed
        }
    }
}
