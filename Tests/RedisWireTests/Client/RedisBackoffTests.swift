import ParleyTesting
import Testing

@testable import RedisWire

struct RedisBackoffTests {
    @Test("Waits double up to the longest, each between a half and the whole")
    func growth() {
        var backoff = RedisBackoff(initial: .milliseconds(50), maximum: .milliseconds(300))
        var random = SplitMix64(seed: 1)
        let longest = [50, 100, 200, 300, 300].map { Duration.milliseconds($0) }
        for _ in 0..<100 {
            backoff.reset()
            for limit in longest {
                let wait = backoff.wait(using: &random)
                #expect(wait >= limit / 2 && wait <= limit)
            }
        }
    }

    @Test("Two clients don't wait in step")
    func jitter() {
        let waits = (UInt64(0)..<20).map { seed in
            var random = SplitMix64(seed: seed)
            var backoff = RedisBackoff()
            return backoff.wait(using: &random)
        }
        #expect(Set(waits).count == 20)
    }

    @Test("No number of failures is too many")
    func many() {
        var random = SplitMix64(seed: 2)
        var backoff = RedisBackoff()
        for _ in 0..<10_000 { #expect(backoff.wait(using: &random) <= .seconds(1)) }
    }
}
