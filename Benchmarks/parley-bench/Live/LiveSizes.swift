/// How many sockets the live workloads have.
struct LiveSizes: Sendable {
    let fanout: Int
    let pairs: Int
    let idle: Int
    let storm: Int

    /// So many that each workload takes well under a minute for its rounds.
    static let usual = LiveSizes(fanout: 200, pairs: 100, idle: 1000, storm: 1000)
    /// What one instance is meant to carry.
    static let full = LiveSizes(fanout: 500, pairs: 500, idle: 10_000, storm: 5000)
}
