/// Reads what was counted, for those who show it; it counts nothing itself.
public struct MetricReader: Sendable {
    /// What one series has come to.
    public struct Reading: Hashable, Sendable {
        /// What a histogram has seen: the upper bounds of its buckets, how many values lay in each and above all of them,
        /// and their sum.
        public struct Histogram: Hashable, Sendable {
            /// The upper bounds, ascending.
            public let bounds: [Double]
            /// How many values lay in each bucket; one more than there are bounds.
            public let counts: [Int]
            /// All values together.
            public let sum: Double

            /// Makes a reading of a histogram.
            public init(bounds: [Double], counts: [Int], sum: Double) {
                self.bounds = bounds
                self.counts = counts
                self.sum = sum
            }
        }

        /// The labels by name.
        public let labels: [String: String]
        /// The value of a counter or gauge.
        public let number: Double
        /// What a histogram has seen.
        public let histogram: Histogram?

        /// Makes a reading.
        public init(labels: [String: String], number: Double, histogram: Histogram? = nil) {
            self.labels = labels
            self.number = number
            self.histogram = histogram
        }
    }

    private let read: @Sendable (Metric) -> [Reading]

    /// Makes a reader of what `read` finds of a metric's series.
    public init(_ read: @escaping @Sendable (Metric) -> [Reading]) {
        self.read = read
    }

    /// All series of a metric as they are now.
    public func readings(of metric: Metric) -> [Reading] { read(metric) }

    /// All series of a metric together.
    public func total(of metric: Metric) -> Double { read(metric).reduce(0) { $0 + $1.number } }

    /// The series of a metric by one of its labels, those that share its value added up.
    public func totals(of metric: Metric, by label: String) -> [String: Double] {
        read(metric).reduce(into: [:]) { $0[$1.labels[label] ?? "", default: 0] += $1.number }
    }
}

extension MetricReader.Reading.Histogram {
    /// How many values there are.
    public var count: Int { counts.reduce(0, +) }

    /// The value that so many of a hundred did not exceed, as far as buckets tell: a straight line through the one it lies
    /// in, and the last bound where it lies above all; none of nothing.
    public func percentile(_ percent: Double) -> Double? {
        let total = count
        guard total > 0, let last = bounds.last else { return nil }
        let rank = Double(total) * percent / 100
        var passed = 0.0
        for (index, count) in counts.enumerated() where count > 0 {
            let next = passed + Double(count)
            if next >= rank {
                guard index < bounds.count else { return last }
                let lower = index == 0 ? 0 : bounds[index - 1]
                return lower + (bounds[index] - lower) * max(0, rank - passed) / Double(count)
            }
            passed = next
        }
        return last
    }
}
