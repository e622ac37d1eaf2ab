import Testing

@testable import RedisWire

struct CircuitBreakerTests {
    /// What happens, and whether a command then passes, if one is tried.
    enum Step: Sendable {
        case fail(at: Int)
        case succeed
        case `try`(at: Int, passes: Bool)
    }

    @Test(
        "Every way through the table",
        arguments: [
            ("closed lets pass", [.try(at: 0, passes: true)], .closed(failures: 0)),
            (
                "two failures are not three", [.fail(at: 0), .fail(at: 1), .try(at: 1, passes: true)],
                .closed(failures: 2)
            ),
            ("a success forgets failures", [.fail(at: 0), .fail(at: 1), .succeed, .fail(at: 2)], .closed(failures: 1)),
            ("three open it", [.fail(at: 0), .fail(at: 1), .fail(at: 2)], .open(until: .seconds(12))),
            (
                "open refuses until the time",
                [.fail(at: 0), .fail(at: 0), .fail(at: 0), .try(at: 9, passes: false)], .open(until: .seconds(10))
            ),
            (
                "then one passes, and no second one",
                [
                    .fail(at: 0), .fail(at: 0), .fail(at: 0), .try(at: 10, passes: true), .try(at: 10, passes: false),
                    .try(at: 19, passes: false),
                ],
                .probing(until: .seconds(20))
            ),
            (
                "a probe of which nothing is heard is followed by another",
                [
                    .fail(at: 0), .fail(at: 0), .fail(at: 0), .try(at: 10, passes: true), .try(at: 20, passes: true),
                    .try(at: 21, passes: false),
                ],
                .probing(until: .seconds(30))
            ),
            (
                "a probe that succeeds closes it",
                [
                    .fail(at: 0), .fail(at: 0), .fail(at: 0), .try(at: 10, passes: true), .succeed,
                    .try(at: 10, passes: true),
                ],
                .closed(failures: 0)
            ),
            (
                "a probe that fails opens it again",
                [
                    .fail(at: 0), .fail(at: 0), .fail(at: 0), .try(at: 10, passes: true), .fail(at: 11),
                    .try(at: 20, passes: false), .try(at: 21, passes: true),
                ],
                .probing(until: .seconds(31))
            ),
            (
                "failures while it is open put nothing off",
                [.fail(at: 0), .fail(at: 0), .fail(at: 0), .fail(at: 8), .try(at: 10, passes: true)],
                .probing(until: .seconds(20))
            ),
            (
                "a late success closes an open one",
                [.fail(at: 0), .fail(at: 0), .fail(at: 0), .succeed, .try(at: 1, passes: true)], .closed(failures: 0)
            ),
        ] as [(String, [Step], CircuitBreaker.State)]
    )
    func table(name: String, steps: [Step], end: CircuitBreaker.State) {
        var breaker = CircuitBreaker(failuresToOpen: 3, interval: .seconds(10))
        for step in steps {
            switch step {
            case .fail(let time): breaker.failed(at: .seconds(time))
            case .succeed: breaker.succeeded()
            case .try(let time, let passes): #expect(breaker.admits(at: .seconds(time)) == passes, "\(name)")
            }
        }
        #expect(breaker.state == end, "\(name)")
    }
}
