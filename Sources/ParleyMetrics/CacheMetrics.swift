public import Metrics

/// Counts how the cache serves.
public struct CacheMetrics: Sendable {
    /// What came of asking the cache.
    public enum Read: String, CaseIterable, Sendable {
        /// An entry that the truth confirmed was served.
        case hit
        /// There was no entry, or one too short for what was asked.
        case miss
        /// There was an entry, and the truth said that it is not the present one: it was not served.
        case stale
        /// The cache gave no answer in time, or was not asked since it has been failing.
        case refused
    }

    private let reads: Tally<Read>

    /// Makes the counters.
    public init(factory: any MetricsFactory = MetricsSystem.factory) {
        reads = Tally(.cacheReads, factory: factory)
    }

    /// Counts a read.
    public func read(_ read: Read) { reads.count(read) }
}
