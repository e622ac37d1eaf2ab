import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("InProcessRateLimiter")
struct InProcessRateLimiterTests {
    private let limit = RateLimit(name: "test", 1, per: .seconds(1), burst: 2)

    @Test("Each key and each limit has a budget of its own")
    func budgets() async {
        let limiter = InProcessRateLimiter(clock: TestClock())
        let other = RateLimit(name: "other", 1, per: .seconds(1), burst: 1)
        for _ in 0..<2 { #expect(await limiter.take("alice", from: limit) == nil) }
        #expect(await limiter.take("alice", from: limit) == .seconds(1))
        #expect(await limiter.take("bob", from: limit) == nil)
        #expect(await limiter.take("alice", from: other) == nil)
    }

    @Test("Time brings it back")
    func time() async {
        let clock = TestClock()
        let limiter = InProcessRateLimiter(clock: clock)
        for _ in 0..<2 { _ = await limiter.take("alice", from: limit) }
        clock.advance(by: .milliseconds(400))
        #expect(await limiter.take("alice", from: limit) == .milliseconds(600))
        clock.advance(by: .milliseconds(600))
        #expect(await limiter.take("alice", from: limit) == nil)
    }

    @Test("Of many at once as many go through as there is room for")
    func concurrent() async {
        let limiter = InProcessRateLimiter(clock: TestClock())
        let limit = RateLimit(name: "test", 1, per: .seconds(1), burst: 50)
        let allowed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 { group.addTask { await limiter.take("alice", from: limit) == nil } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(allowed == 50)
    }

    @Test("Full budgets are forgotten first, so that nobody is let off")
    func fullOnesGoFirst() async {
        let clock = TestClock()
        let limiter = InProcessRateLimiter(maximumKeys: 10, clock: clock)
        for number in 0..<9 { _ = await limiter.take("passer-by \(number)", from: limit) }
        clock.advance(by: .seconds(10))
        for _ in 0..<2 { _ = await limiter.take("greedy", from: limit) }
        #expect(limiter.keyCount == 10)
        _ = await limiter.take("new", from: limit)
        #expect(limiter.keyCount == 2)
        #expect(await limiter.take("greedy", from: limit) == .seconds(1))
    }

    @Test("A flood of keys takes bounded memory, and the greediest stay known longest")
    func flood() async {
        let limiter = InProcessRateLimiter(maximumKeys: 64, clock: TestClock())
        for _ in 0..<2 { _ = await limiter.take("greedy", from: limit) }
        for number in 0..<1000 {
            _ = await limiter.take("flood \(number)", from: limit)
            #expect(limiter.keyCount <= 64)
        }
        #expect(await limiter.take("greedy", from: limit) != nil)
    }
}
