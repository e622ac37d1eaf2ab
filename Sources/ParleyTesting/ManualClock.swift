public import ParleyCore
import Synchronization

/// A time of day that a test sets and moves.
///
/// It stands still between, unless it is told to tick.
public final class ManualClock: WallClock {
    private let present: Mutex<Timestamp>
    private let tick: Duration

    /// Makes a clock.
    ///
    /// - Parameters:
    ///   - start: The first time it tells; 2026-01-05T09:00:00Z by default.
    ///   - tick: How far it moves after each reading, so that no two readings are the same; zero by default.
    public init(_ start: Timestamp = .example, tick: Duration = .zero) {
        present = Mutex(start)
        self.tick = tick
    }

    /// The present time.
    public func now() -> Timestamp {
        present.withLock { present in
            defer { present = present + tick }
            return present
        }
    }

    /// Moves the time on, or back by a negative duration.
    public func advance(by duration: Duration) {
        present.withLock { $0 = $0 + duration }
    }

    /// Sets the time.
    public func set(_ time: Timestamp) {
        present.withLock { $0 = time }
    }
}

extension Timestamp {
    /// A Monday morning: 2026-01-05T09:00:00Z.
    public static let example = Timestamp(microseconds: 1_767_603_600_000_000)
}
