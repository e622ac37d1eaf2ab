public import CoreMetrics

// The API of swift-metrics. A name that Prometheus doesn't take gets `_` for what is in the way; nothing is added to it.
extension PrometheusRegistry {
    /// A counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { CounterSeries($0) }
    }

    /// A counter of amounts that are not whole: the same as ``makeCounter(label:dimensions:)`` gives.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { CounterSeries($0) }
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { GaugeSeries($0) }
    }

    /// A histogram, or a gauge where nothing is to be aggregated.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, .gauge) { GaugeSeries($0) } }
        let bounds = buckets(of: label, default: FamilyDescription.recorderBuckets)
        return series(label, dimensions, .histogram) { HistogramSeries($0, bounds: bounds) }
    }

    /// A histogram in seconds, whatever unit its maker would like to see.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let bounds = buckets(of: label, default: FamilyDescription.timerBuckets)
        return series(label, dimensions, .histogram) { HistogramSeries($0, bounds: bounds) }
    }

    /// Takes the series out of the text; made again, it begins at zero.
    public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }

    /// Takes the series out of the text.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }

    /// Takes the series out of the text.
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }

    /// Takes the series out of the text.
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }

    /// Takes the series out of the text.
    public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }
}
