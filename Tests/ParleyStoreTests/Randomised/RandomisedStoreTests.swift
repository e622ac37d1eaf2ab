import Foundation
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

/// Random scripts against each store and the reference side by side: what one answers, the other answers.
@Suite("Every store does as the reference does")
struct RandomisedStoreTests {
    /// The seeds of every run; `PARLEY_TEST_SEEDS` adds more, for looking further or at a failure again: `7,8,1234`.
    static let seeds: [UInt64] = {
        let asked = ProcessInfo.processInfo.environment["PARLEY_TEST_SEEDS"] ?? ""
        return [1, 2, 3, 4, 5, 6] + asked.split(separator: ",").compactMap { UInt64($0) }
    }()

    /// Every store but the reference itself.
    static let subjects = StoreFactory.all.filter { $0.name != StoreFactory.memory.name }

    @Test("400 random operations bring the same answers", arguments: subjects, seeds)
    func sameAnswers(_ factory: StoreFactory, _ seed: UInt64) async throws {
        try await factory.withStore(tick: .zero) { t in
            let clock = ManualClock()
            var reference = ScriptedStore(MemoryStore(clock: clock, ids: SequentialIDs(series: 1)))
            var subject = ScriptedStore(t.store)
            var script = StoreScript(seed: seed)
            // How often answers began with which word: a write that was made with `false`, an error with its code.
            var outcomes: [Substring: Int] = [:]
            for number in 0..<400 {
                // Now and then so long that leases run out.
                let pause: Duration = script.random.oneIn(40) ? Limits.replyLease : .milliseconds(1)
                clock.advance(by: pause)
                t.clock.advance(by: pause)
                let preamble = StoreScript.preamble
                let operation = preamble.indices ~= number ? preamble[number] : script.next(reference)
                let expected = await reference.transcript(of: operation)
                let answer = await subject.transcript(of: operation)
                outcomes[expected.prefix { $0 != " " }, default: 0] += 1
                guard answer.bytes != expected.bytes else { continue }
                Issue.record("seed \(seed), operation \(number), \(operation): \(answer) instead of \(expected)")
                return
            }
            // A script that is refused everything would prove nothing.
            #expect(outcomes["false", default: 0] > 60)
            #expect(outcomes["held", default: 0] > 4)
        }
    }
}
