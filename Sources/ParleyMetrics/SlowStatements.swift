import Synchronization

/// Remembers which statements took too long: by name, with neither text nor arguments.
///
/// Bounded: past ``capacity`` names the one that was slow longest ago is forgotten.
public final class SlowStatements: Sendable {
    /// A statement that took too long at least once.
    public struct Entry: Hashable, Sendable {
        /// What it is for.
        public let name: String
        /// How often it took too long.
        public var count: Int
        /// The longest that it took.
        public var slowest: Duration
        /// How long ago it last did.
        public var ago: Duration
    }

    /// How many names are remembered.
    public static let capacity = 64

    private struct Seen {
        var count = 0
        var slowest = Duration.zero
        var last = Duration.zero
    }

    private let seen = Mutex<[String: Seen]>([:])
    private let stopwatch: Stopwatch

    /// Makes an empty memory.
    public init(clock: any Clock<Duration> = ContinuousClock()) {
        stopwatch = Stopwatch(clock)
    }

    /// Takes note of a statement that took too long.
    public func note(_ name: String, _ duration: Duration) {
        let now = stopwatch.elapsed()
        seen.withLock { seen in
            if seen[name] == nil, seen.count >= Self.capacity,
                let oldest = seen.min(by: { $0.value.last < $1.value.last })
            {
                seen[oldest.key] = nil
            }
            var entry = seen[name] ?? Seen()
            entry.count += 1
            entry.slowest = max(entry.slowest, duration)
            entry.last = now
            seen[name] = entry
        }
    }

    /// What is remembered, the slowest first.
    public var entries: [Entry] {
        let now = stopwatch.elapsed()
        return seen.withLock { $0 }
            .map { Entry(name: $0.key, count: $0.value.count, slowest: $0.value.slowest, ago: now - $0.value.last) }
            .sorted { ($0.slowest, $1.name) > ($1.slowest, $0.name) }
    }
}
