import ParleyCore
import ParleyStore
import Testing

@Suite("GCRA")
struct GCRATests {
    private let limit = RateLimit(name: "test", 10, per: .seconds(1), burst: 5)

    @Test("A burst goes at once, then one must wait just as long as one takes to come back")
    func burst() {
        var budget = GCRA()
        for _ in 0..<5 { #expect(budget.take(at: .seconds(100), from: limit) == nil) }
        let wait = budget.take(at: .seconds(100), from: limit)
        #expect(wait == .milliseconds(100))
        // A refusal takes nothing.
        #expect(budget.take(at: .seconds(100), from: limit) == .milliseconds(100))
        #expect(budget.take(at: .seconds(100) + .milliseconds(99), from: limit) == .milliseconds(1))
        #expect(budget.take(at: .seconds(100) + .milliseconds(100), from: limit) == nil)
        #expect(budget.take(at: .seconds(100) + .milliseconds(100), from: limit) == .milliseconds(100))
    }

    @Test("Whoever keeps to the pace never waits")
    func steady() {
        var budget = GCRA()
        for step in 0..<1000 { #expect(budget.take(at: limit.interval * step, from: limit) == nil) }
    }

    @Test("Over any time no more than the burst and the pace go through", arguments: [1, 2, 5, 20])
    func bound(_ burst: Int) {
        let limit = RateLimit(name: "test", 7, per: .seconds(1), burst: burst)
        var budget = GCRA()
        var taken = 0
        // Somebody who asks every millisecond for ten seconds.
        for millisecond in 0..<10_000 where budget.take(at: .milliseconds(millisecond), from: limit) == nil {
            taken += 1
        }
        #expect(taken == burst + 69)
    }

    @Test("An address has ten people's share, with no other rule")
    func address() {
        let whole = RateLimit(name: "test", 100, per: .seconds(1), burst: 50)
        #expect(limit.ofAddress == whole)
    }

    @Test("A rest fills the budget to the burst and no further")
    func refill() {
        var budget = GCRA()
        for _ in 0..<5 { _ = budget.take(at: .zero, from: limit) }
        #expect(!budget.isFull(at: .milliseconds(499)))
        #expect(budget.isFull(at: .milliseconds(500)))
        for _ in 0..<5 { #expect(budget.take(at: .seconds(3600), from: limit) == nil) }
        #expect(budget.take(at: .seconds(3600), from: limit) != nil)
    }

    @Test("The wait that is told is enough, and less is not", arguments: 1...20)
    func toldWait(_ requests: Int) throws {
        var budget = GCRA()
        for _ in 0..<requests { _ = budget.take(at: .zero, from: limit) }
        guard let wait = budget.take(at: .zero, from: limit) else {
            #expect(requests < 5)
            return
        }
        var early = budget
        #expect(early.take(at: wait - .nanoseconds(1), from: limit) != nil)
        #expect(budget.take(at: wait, from: limit) == nil)
    }
}
