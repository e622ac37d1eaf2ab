import Histogram
import ParleyCore

/// One line of figures: a JSON object.
struct Line {
    private var object = JSONObject()

    init(_ scenario: String, _ dialect: Dialect) {
        self["scenario"] = .string(scenario)
        self["target"] = .string(dialect.rawValue)
    }

    subscript(name: String) -> JSON? {
        get { object[name] }
        set { object[name] = newValue }
    }

    mutating func set(_ name: String, _ value: Int) { self[name] = .number(JSONNumber(value)) }

    /// To three digits behind the point.
    mutating func set(_ name: String, _ value: Double?) {
        self[name] = value.flatMap { JSONNumber(($0 * 1000).rounded() / 1000) }.map { .number($0) }
    }

    mutating func set(_ name: String, _ value: Duration?) { set(name, value.map { $0 / .seconds(1) }) }

    /// The percentiles of latencies.
    mutating func set(_ latencies: Latencies, _ prefix: String = "") {
        set(prefix + "p50_ms", latencies.milliseconds(50))
        set(prefix + "p99_ms", latencies.milliseconds(99))
        set(prefix + "p999_ms", latencies.milliseconds(99.9))
    }

    /// What was used for `count` things of a kind.
    mutating func set(_ watch: ProcessWatch, per kind: String, count: Int) {
        let elapsed = watch.elapsed
        set("seconds", elapsed)
        if let client = watch.client {
            set("client_cpu_share", client / elapsed)
            set("client_cpu_us_per_\(kind)", client / .microseconds(1) / Double(count))
        }
        guard let server = watch.server else { return }
        set("server_cpu_share", server.processor / elapsed)
        set("server_cpu_us_per_\(kind)", server.processor / .microseconds(1) / Double(count))
    }

    /// Prints it.
    func print() { Swift.print(JSON.object(object).text) }
}

/// Latencies in nanoseconds, with three significant digits.
struct Latencies: Sendable {
    private var histogram = Histogram<UInt64>(
        highestTrackableValue: 60_000_000_000,
        numberOfSignificantValueDigits: .three
    )

    var count: Int { Int(histogram.totalCount) }

    mutating func record(from start: UInt64, to end: UInt64) { histogram.record(end > start ? end - start : 0) }

    func milliseconds(_ percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1_000_000
    }
}
