import ParleyCore

/// How this instance was doing over some seconds.
struct InstanceSample: Hashable, Sendable {
    /// When they ended.
    let at: Timestamp
    /// WebSockets and streams of events at their end.
    let connections: Int
    /// People who had them.
    let people: Int
    /// Requests a second.
    let requestRate: Double
    /// Which part of the reads that asked the cache it could serve; none where nobody asked, or there is none.
    let cacheRate: Double?
    /// Replies that were being written at their end.
    let runningReplies: Int
    /// Replies that failed.
    let failedReplies: Int
    /// Statements that took too long.
    let slowStatements: Int
}

/// What has been counted up to some moment, so that two of them make an ``InstanceSample``.
struct InstanceCounts: Hashable, Sendable {
    var requests = 0.0
    var cacheHits = 0.0
    var cacheMisses = 0.0
    var failedReplies = 0.0
    var slowStatements = 0.0

    /// What has come since.
    func since(_ earlier: InstanceCounts) -> InstanceCounts {
        InstanceCounts(
            requests: max(0, requests - earlier.requests),
            cacheHits: max(0, cacheHits - earlier.cacheHits),
            cacheMisses: max(0, cacheMisses - earlier.cacheMisses),
            failedReplies: max(0, failedReplies - earlier.failedReplies),
            slowStatements: max(0, slowStatements - earlier.slowStatements)
        )
    }

    /// The part of hits; none of nothing.
    var cacheRate: Double? {
        let all = cacheHits + cacheMisses
        return all > 0 ? cacheHits / all : nil
    }
}
