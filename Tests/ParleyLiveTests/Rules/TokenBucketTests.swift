import Testing

@testable import ParleyLive

@Suite("The budget of a connection")
struct TokenBucketTests {
    @Test("A full one gives its burst at once, then says how long to wait")
    func burst() {
        var bucket = TokenBucket(perSecond: 4, burst: 3, now: .seconds(5))
        for _ in 0..<3 {
            let wait = bucket.take(now: .seconds(5))
            #expect(wait == nil)
        }
        let wait = bucket.take(now: .seconds(5))
        #expect(wait == .milliseconds(250))
    }

    @Test("It fills up with time, to its burst and no further")
    func refill() {
        var bucket = TokenBucket(perSecond: 4, burst: 3, now: .zero)
        for _ in 0..<3 { _ = bucket.take(now: .zero) }
        let soon = bucket.take(now: .milliseconds(249))
        #expect(soon != nil)
        let then = bucket.take(now: .milliseconds(250))
        #expect(then == nil)
        var count = 0
        while bucket.take(now: .seconds(1000)) == nil { count += 1 }
        #expect(count == 3)
    }

    @Test("Waiting as long as it says is enough")
    func wait() {
        var bucket = TokenBucket(perSecond: 3, burst: 1, now: .zero)
        _ = bucket.take(now: .zero)
        guard let wait = bucket.take(now: .milliseconds(10)) else {
            Issue.record("There was one too many.")
            return
        }
        let taken = bucket.take(now: .milliseconds(10) + wait + .nanoseconds(1))
        #expect(taken == nil)
    }

    @Test("A clock that goes back gives nothing")
    func back() {
        var bucket = TokenBucket(perSecond: 1, burst: 1, now: .seconds(10))
        _ = bucket.take(now: .seconds(10))
        let back = bucket.take(now: .seconds(5))
        #expect(back == .seconds(1))
        let again = bucket.take(now: .seconds(10))
        #expect(again == .seconds(1))
    }
}
