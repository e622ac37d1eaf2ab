public import Metrics

/// Counts how the cache serves.
public struct CacheMetrics: Sendable {
    /// What came of asking the cache.
    public enum Read: String, CaseIterable, Sendable {
        /// An entry of the shared cache that the truth confirmed was served.
        case hit
        /// This instance's own copy, that the truth confirmed, was served.
        case localHit = "local_hit"
        /// There was no entry, or the cache gave no answer in time.
        case miss
        /// There was an entry, and the truth said that it is not the present one: it was not served.
        case stale
        /// There was an entry that can't be what it says: it was not served.
        case broken
        /// A reply was being written, of which no entry is kept.
        case streaming
        /// More was asked for than is kept.
        case beyond
        /// The truth could not be asked: the reader was turned away.
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
