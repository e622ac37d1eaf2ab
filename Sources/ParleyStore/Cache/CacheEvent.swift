/// What became of a read, for whoever counts.
public enum CacheEvent: String, Hashable, Sendable, CaseIterable {
    /// Answered from this instance's own copy.
    case localHit = "local_hit"
    /// Answered from the shared cache, or by the check alone where the log is empty.
    case hit
    /// Nothing was there: the truth was asked.
    case miss
    /// What was there was of another version, and was refused: the truth was asked.
    case stale
    /// What was there said it was of this version, but can't be it, and was refused: the truth was asked.
    case broken
    /// A reply is being written, which no version tells: the truth was asked.
    case streaming
    /// More was wanted than is kept: the truth was asked.
    case beyond
    /// Turned away with `unavailable`: too many reads wait already, or the truth can't be reached.
    case refused
}

/// Who is told of every ``CacheEvent``.
public struct CacheCounters: Sendable {
    let count: @Sendable (CacheEvent) -> Void

    /// Tells `count`, which must be quick, of each.
    public init(_ count: @escaping @Sendable (CacheEvent) -> Void) {
        self.count = count
    }

    /// Tells nobody.
    public static let none = CacheCounters { _ in }
}
