/// What one series has come to.
public struct SeriesReading: Hashable, Sendable {
    /// What was seen of a histogram.
    public struct Histogram: Hashable, Sendable {
        /// The upper bounds of the buckets, ascending.
        public let bounds: [Double]
        /// How many values lay in each bucket, not cumulated; the last one is of what lies above all bounds.
        public let counts: [Int]
        /// All values together.
        public let sum: Double
    }

    /// The labels, by name, as the series was made with.
    public let labels: [String: String]
    /// The value of a counter or a gauge; how many values a histogram has seen.
    public let number: Double
    /// What a histogram has seen.
    public let histogram: Histogram?
}

extension PrometheusRegistry {
    /// All series of a family as they are now, in no order; none where nobody has made one.
    ///
    /// Families that are only read for the text have none.
    public func readings(of name: String) -> [SeriesReading] {
        allSeries(of: name).map { series in
            switch series {
            case let series as CounterSeries: SeriesReading(series, series.value.double)
            case let series as GaugeSeries: SeriesReading(series, series.value.double)
            case let series as HistogramSeries: SeriesReading(series, series.reading)
            default: SeriesReading(series, 0)
            }
        }
    }
}

extension SeriesReading {
    fileprivate init(_ series: any Series, _ number: Double) {
        labels = series.place.dimensions
        self.number = number
        histogram = nil
    }

    fileprivate init(_ series: HistogramSeries, _ reading: HistogramReading) {
        labels = series.place.dimensions
        number = Double(reading.counts.reduce(0, +))
        histogram = Histogram(bounds: series.bounds, counts: reading.counts, sum: reading.sum)
    }
}
