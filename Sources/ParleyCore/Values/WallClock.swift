#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Tells the time of day.
///
/// Injected, so that a test can set it.
/// Order never depends on it: `seq` and `revision` do that. Waiting is done on Swift's own clocks.
public protocol WallClock: Sendable {
    /// The present time.
    func now() -> Timestamp
}

/// The system's clock.
public struct SystemClock: WallClock {
    /// Makes the system's clock.
    public init() {}

    /// The present time, to the microsecond.
    public func now() -> Timestamp {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}
