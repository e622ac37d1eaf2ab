import Histogram

/// What one round of load came to.
struct LoadResult {
    /// How long each answer took.
    var latencies = Histogram<UInt64>.latencies
    /// How long the round took.
    var elapsed = Duration.zero
    /// Processor time of the generator's thread.
    var generator = Duration.zero
    /// Processor time of the whole process.
    var process = Duration.zero
    /// Processor time of servers in processes of their own, by name.
    var servers: [String: Duration] = [:]
    /// How many were answered, where another program has counted them and not told how long each took.
    var count: Int?

    private var requests: Double { Double(count ?? Int(latencies.totalCount)) }

    /// Requests answered in a second.
    var perSecond: Double { requests / (elapsed / .seconds(1)) }

    /// Processor time of the server for one request: all of the process's that is not the generator's.
    var serverMicroseconds: Double { (process - generator) / .microseconds(1) / requests }

    /// Processor time of a server in a process of its own, for one request.
    func microseconds(of server: String) -> Double {
        (servers[server] ?? .zero) / .microseconds(1) / requests
    }

    /// Processor time of the generator for one request.
    var generatorMicroseconds: Double { generator / .microseconds(1) / requests }
}

extension Histogram<UInt64> {
    /// Empty, for latencies in nanoseconds with three significant digits.
    static var latencies: Self {
        Self(highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)
    }

    mutating func record(_ latency: Duration) {
        record(UInt64(clamping: Int64(latency / .nanoseconds(1))))
    }

    /// A percentile, in milliseconds.
    func milliseconds(atPercentile percentile: Double) -> Double {
        Double(valueAtPercentile(percentile)) / 1_000_000
    }
}
