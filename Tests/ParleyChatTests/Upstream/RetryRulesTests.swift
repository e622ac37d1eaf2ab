import ParleyCore
import Testing

@testable import ParleyOpenAI

@Suite("Whether a call is made again")
struct RetryRulesTests {
    private let plenty = Duration.seconds(120)

    private func rules(_ delay: Duration = .milliseconds(500), sendsSchema: Bool = false) -> RetryRules {
        RetryRules(delay: delay, sendsSchema: sendsSchema)
    }

    @Test("Three times, after waits that double, between half and the whole of each")
    func backoff() {
        for (jitter, waits) in [(0.0, [250, 500, 1000]), (1.0, [500, 1000, 2000])] {
            var rules = rules()
            for wait in waits {
                let verdict = rules.verdict(on: .unreachable, remaining: plenty, jitter: jitter)
                #expect(verdict == .retry(after: .milliseconds(wait)))
            }
            #expect(rules.verdict(on: .unreachable, remaining: plenty, jitter: jitter) == .giveUp)
        }
        var slow = rules(.seconds(60))
        let verdict = slow.verdict(on: .unreachable, remaining: plenty, jitter: 1)
        #expect(verdict == .retry(after: RetryRules.longestDelay))
    }

    @Test(
        "429 and 5xx may pass; nothing else does",
        arguments: [
            (429, true), (500, true), (502, true), (503, true), (504, true), (599, true), (400, false), (401, false),
            (403, false), (404, false), (408, false), (422, false), (302, false), (600, false),
        ]
    )
    func statuses(status: UInt, isRetried: Bool) {
        var rules = rules()
        let verdict = rules.verdict(on: .status(status, retryAfter: nil), remaining: plenty, jitter: 0)
        #expect(verdict == (isRetried ? .retry(after: .milliseconds(250)) : .giveUp))
    }

    @Test("What won't change is not tried again")
    func lasting() {
        var rules = rules()
        #expect(rules.verdict(on: .lasting, remaining: plenty, jitter: 0) == .giveUp)
    }

    @Test("Retry-After is kept, a little late, up to thirty seconds; longer is told at once")
    func wishes() {
        var rules = rules()
        let granted = rules.verdict(on: .status(429, retryAfter: .seconds(7)), remaining: plenty, jitter: 1)
        #expect(granted == .retry(after: .milliseconds(7125)))
        let short = rules.verdict(on: .status(503, retryAfter: .zero), remaining: plenty, jitter: 0)
        #expect(short == .retry(after: .milliseconds(500)))
        let limit = rules.verdict(on: .status(429, retryAfter: .seconds(30)), remaining: plenty, jitter: 0)
        #expect(limit == .retry(after: .seconds(30)))
        var others = self.rules()
        let long = others.verdict(on: .status(429, retryAfter: .seconds(31)), remaining: plenty, jitter: 0)
        #expect(long == .mustWait(.seconds(31)))
    }

    @Test("A wait that would use up the time for the first token is not begun")
    func noTime() {
        var rules = rules()
        let failure = RetryRules.Failure.status(429, retryAfter: .seconds(20))
        #expect(rules.verdict(on: failure, remaining: .seconds(20), jitter: 0) == .giveUp)
        #expect(rules.verdict(on: .unreachable, remaining: .zero, jitter: 0) == .giveUp)
    }

    @Test("A refused schema is left out once, and uses up no retry", arguments: [400, 422] as [UInt])
    func schema(status: UInt) {
        var rules = rules(sendsSchema: true)
        let failure = RetryRules.Failure.status(status, retryAfter: nil)
        #expect(rules.verdict(on: failure, remaining: plenty, jitter: 0) == .retryWithoutSchema)
        for _ in 0..<RetryRules.limit {
            #expect(rules.verdict(on: .unreachable, remaining: plenty, jitter: 0) != .giveUp)
        }
        #expect(rules.verdict(on: failure, remaining: plenty, jitter: 0) == .giveUp)
    }
}

@Suite("Retry-After")
struct RetryAfterTests {
    // 1994-11-06T08:49:37Z
    private let now = Timestamp(microseconds: 784_111_777_000_000)

    @Test(
        "Seconds, or a date",
        arguments: [
            ("0", 0), ("120", 120), (" 3 ", 3), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30), ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400),
            ("Fri, 06 Nov 1970 08:49:37 GMT", 0), ("Tue, 29 Feb 2000 00:00:00 GMT", 167_670_623),
            ("99999999999999", 3_155_760_000),
        ]
    )
    func values(value: String, seconds: Int) {
        #expect(RetryAfter.duration(value, now: now) == .seconds(seconds))
    }

    @Test(
        "What says neither says nothing",
        arguments: [
            "", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
        ]
    )
    func nonsense(value: String) {
        #expect(RetryAfter.duration(value, now: now) == nil)
    }
}
