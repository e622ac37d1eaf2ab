import Synchronization

/// Makes ids; injected, so that a test can foresee them.
public protocol IDMaker: Sendable {
    /// A fresh id, larger than every id this maker made before.
    func make<Entity>() -> ID<Entity>
}

/// Makes UUIDs of version 7 that rise strictly within the process (RFC 9562, section 6.2, method 1).
///
/// Within one millisecond a 12-bit counter in `rand_a` rises from a random start in its lower half; when it runs out, the
/// millisecond is advanced ahead of the clock. A clock that steps back is not followed. The 62 bits of `rand_b` come from
/// the system's generator, so an id can't be guessed from its neighbour.
public final class UUIDv7Maker: IDMaker {
    private struct State {
        var millisecond: UInt64 = 0
        var counter: UInt64 = 0
        var randomness: [UInt64] = []

        // One getrandom(2) an id costs 4 µs on Linux; drawing 2 kB at once makes that negligible.
        mutating func random() -> UInt64 {
            if randomness.isEmpty {
                var generator = SystemRandomNumberGenerator()
                randomness = (0..<256).map { _ in generator.next() }
            }
            return randomness.removeLast()
        }
    }

    private let clock: any WallClock
    private let state = Mutex(State())

    /// Makes a maker that reads the time from `clock`.
    public init(clock: any WallClock = SystemClock()) {
        self.clock = clock
    }

    /// A fresh id, larger than every id this maker made before.
    public func make<Entity>() -> ID<Entity> {
        let now = UInt64(max(0, clock.now().microseconds / 1000))
        return state.withLock { state in
            if now > state.millisecond {
                state.millisecond = now
                state.counter = state.random() & 0x7FF
            } else if state.counter < 0xFFF {
                state.counter += 1
            } else {
                state.millisecond += 1
                state.counter = state.random() & 0x7FF
            }
            let high = state.millisecond << 16 | 0x7000 | state.counter
            let low = state.random() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
            return ID(high: high, low: low)
        }
    }
}
