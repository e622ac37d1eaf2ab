import CoreMetrics
import Synchronization

/// How often values were seen in each bucket, and their sum.
struct HistogramReading {
    /// By bucket, not cumulated; the last one is of what lies above all bounds.
    let counts: [Int]
    let sum: Double
}

/// A timer or a recorder as a histogram with fixed buckets; an observation costs two atomic additions, and takes no lock.
///
/// The count is not kept but added up from the buckets when it is read, so that `_count` is always what `+Inf` is. The sum
/// is read apart from them, and may be an observation ahead or behind. Values that are not finite are ignored; a duration
/// under zero counts as zero.
final class HistogramSeries: Series, TimerHandler, RecorderHandler {
    let place: Place
    /// The upper bounds of the buckets, ascending.
    let bounds: [Double]
    private let nanosecondBounds: [Int64]
    // Made in init, freed in deinit, and touched by atomic operations only.
    private nonisolated(unsafe) let counts: UnsafeMutablePointer<Atomic<Int>>
    // Three sums, so that only what is not whole needs more than an addition.
    private let nanoseconds = Atomic<Int>(0)
    private let whole = Atomic<Int>(0)
    private let part = Atomic<Double>(0)

    init(_ place: Place, bounds: [Double]) {
        self.place = place
        self.bounds = bounds
        nanosecondBounds = bounds.map { Int64(exactly: ($0 * 1e9).rounded()) ?? ($0 < 0 ? .min : .max) }
        counts = .allocate(capacity: bounds.count + 1)
        for index in 0...bounds.count { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: bounds.count + 1)
        counts.deallocate()
    }

    var reading: HistogramReading {
        let seconds = Double(nanoseconds.load(ordering: .relaxed)) / 1e9
        return HistogramReading(
            counts: (0...bounds.count).map { counts[$0].load(ordering: .relaxed) },
            sum: seconds + Double(whole.load(ordering: .relaxed)) + part.load(ordering: .relaxed)
        )
    }

    func recordNanoseconds(_ duration: Int64) {
        let duration = max(0, duration)
        count(duration, in: nanosecondBounds)
        nanoseconds.wrappingAdd(Int(duration), ordering: .relaxed)
    }

    func record(_ value: Int64) {
        count(Double(value), in: bounds)
        whole.wrappingAdd(Int(value), ordering: .relaxed)
    }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        count(value, in: bounds)
        part.add(value)
    }

    private func count<Value: Comparable>(_ value: Value, in bounds: [Value]) {
        // Not a binary search: there are few bounds, and most values lie near the lower ones.
        var index = 0
        while index < bounds.count, bounds[index] < value { index += 1 }
        counts[index].wrappingAdd(1, ordering: .relaxed)
    }
}
