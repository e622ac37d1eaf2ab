/// What is measured.
enum Workload: String, CaseIterable, Sendable {
    /// Durable appends of one message of about 300 bytes each.
    case appends
    /// Reads of a conversation's last 50 messages of about 300 bytes each.
    case reads
    /// Reads of the last 15 of the same, which is what the cache holds.
    case hot
    /// Turns with a model's server, streamed to the end; counted by what the model's server sends.
    case turns
}

/// What a run may measure.
enum Subject: String, CaseIterable, Sendable {
    case appends, reads, turns
    /// Bearer tokens, without HTTP.
    case tokens
    /// The same with PostgreSQL and Redis, and what only those have.
    case productionAppends = "production-appends"
    case productionParts = "production-parts"
    case productionHot = "production-hot"
    case productionHistory = "production-history"
    case productionLists = "production-lists"
    case redis
    /// Redis as the truth: memory beside the old layouts, rates beside redis-benchmark running the same scripts.
    case redisMemory = "redis-memory"
    case redisTruth = "redis-truth"
    /// Sockets, with servers and load in processes of their own.
    case liveFanout = "live-fanout"
    case livePairs = "live-pairs"
    case liveIdle = "live-idle"
    case liveStorm = "live-storm"
    /// Two instances over PostgreSQL and Redis.
    case liveAcross = "live-across"

    /// Whether it needs PostgreSQL and Redis.
    var isProduction: Bool {
        switch self {
        case .appends, .reads, .turns, .tokens, .redisMemory, .redisTruth: false
        case .liveFanout, .livePairs, .liveIdle, .liveStorm, .liveAcross: false
        case .productionAppends, .productionParts, .productionHot, .productionHistory, .productionLists, .redis: true
        }
    }

    /// Whether it is about sockets.
    var isLive: Bool {
        switch self {
        case .liveFanout, .livePairs, .liveIdle, .liveStorm, .liveAcross: true
        default: false
        }
    }

    /// The workload of callers over HTTP, where it is one.
    var workload: Workload? { Workload(rawValue: rawValue) }
}
