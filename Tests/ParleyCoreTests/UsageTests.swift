import ParleyCore
import ParleyTesting
import Testing

@Suite("Figures of usage")
struct UsageTests {
    @Test("Steps follow one another without a gap, and none is wider than a fortieth of what lies in it")
    func steps() {
        var start = 0
        for step in LatencyHistogram.steps {
            #expect(start % step.width == 0)
            #expect(step.width == 1 || step.width * 40 <= start)
            start = step.end ?? start
        }
        #expect(LatencyHistogram.steps.last?.end == nil)
        for time in [0, 1, 99, 100, 101, 102, 199, 200, 999, 1000, 4999, 123_456, 9_999_999] {
            let start = LatencyHistogram.stepStart(of: time)
            #expect(start <= time && LatencyHistogram.stepStart(of: start) == start)
            #expect(time < 100 ? start == time : Double(time - start) <= Double(time) / 40, "\(time): \(start)")
        }
        #expect(LatencyHistogram.stepStart(of: -5) == 0)
    }

    @Test("A percentile is of the nearest rank, and at most 1.3 % off", arguments: [1, 2, 3, 10, 99, 100, 1000])
    func percentiles(count: Int) throws {
        var random = SplitMix64(seed: UInt64(count))
        let times = (0..<count).map { _ in Int.random(in: 0..<200_000, using: &random) }.sorted()
        var histogram = LatencyHistogram()
        for time in times.shuffled(using: &random) { histogram.add(time) }
        for percent in [50, 95, 100] {
            let exact = times[max(1, Int((Double(count * percent) / 100).rounded(.up))) - 1]
            let found = try #require(histogram.percentile(percent))
            #expect(Double(abs(found - exact)) <= Double(exact) * 0.013, "\(percent) %: \(found) for \(exact)")
        }
        let mean = Double(times.reduce(0, +)) / Double(count)
        #expect(abs(Double(try #require(histogram.mean)) - mean) <= 0.5)
    }

    @Test("Histograms add up, and nothing has no percentile")
    func sums() {
        var (first, second, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        #expect(both.percentile(50) == nil && both.mean == nil)
        for time in [3, 250, 250] { first.add(time) }
        for time in [250, 70_000] { second.add(time) }
        for time in [3, 250, 250, 250, 70_000] { both.add(time) }
        first.add(second)
        #expect(first == both)
        #expect(both.count == 5)
    }

    @Test("A span ends with the day that it is, and the one before ends where it begins")
    func spans() {
        let span = UsageSpan(days: 7, through: .example)
        #expect(span.end.description == "2026-01-06T00:00:00.000Z")
        #expect(span.start.description == "2025-12-30T00:00:00.000Z")
        #expect(span.before.end == span.start && span.before.dayCount == 7)
        #expect(span.day(of: span.start) == 0)
        #expect(span.day(of: span.end + .microseconds(-1)) == 6)
        #expect(span.day(of: span.end) == nil)
        #expect(span.day(of: span.start + .microseconds(-1)) == nil)
        #expect(UsageSpan(days: 1, through: span.end).start == span.end, "midnight belongs to the day that begins")
    }
}
