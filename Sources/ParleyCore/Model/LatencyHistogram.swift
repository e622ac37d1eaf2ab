/// How long things took, by steps: what percentiles are read from without keeping each time.
///
/// The steps are whole milliseconds below 100 ms; above, none is wider than a fortieth of what lies in it, so a percentile is
/// at most 1.3 % off. Histograms add up, so those of days make that of a month. Stores sort into the same steps
/// (``steps``), and so tell the same figures.
public struct LatencyHistogram: Hashable, Sendable {
    /// A range of times and how wide its steps are, in milliseconds.
    public struct Step: Hashable, Sendable {
        /// The first time beyond the range; none for the last range, which has no end.
        public let end: Int?
        /// How wide a step is; the range begins at a multiple of it.
        public let width: Int
    }

    /// The ranges, in order; the first begins at zero.
    public static let steps: [Step] = [
        Step(end: 100, width: 1),
        Step(end: 200, width: 2), Step(end: 500, width: 5), Step(end: 1000, width: 10),
        Step(end: 2000, width: 20), Step(end: 5000, width: 50), Step(end: 10_000, width: 100),
        Step(end: 20_000, width: 200), Step(end: 50_000, width: 500), Step(end: 100_000, width: 1000),
        Step(end: 200_000, width: 2000), Step(end: 500_000, width: 5000), Step(end: nil, width: 10_000),
    ]

    private var counts: [Int: Int] = [:]
    private var sum = 0

    /// How many times are in it.
    public private(set) var count = 0

    /// Makes an empty histogram.
    public init() {}

    /// The least time of the step that a time lies in; a time under zero counts as zero.
    public static func stepStart(of milliseconds: Int) -> Int {
        let milliseconds = max(0, milliseconds)
        return milliseconds - milliseconds % width(at: milliseconds)
    }

    private static func width(at milliseconds: Int) -> Int {
        steps.first { $0.end.map { milliseconds < $0 } ?? true }?.width ?? 1
    }

    /// Adds a time.
    public mutating func add(_ milliseconds: Int) {
        add(count: 1, inStepAt: Self.stepStart(of: milliseconds), sum: max(0, milliseconds))
    }

    /// Adds times that lie in one step, by its start and what they are together.
    public mutating func add(count: Int, inStepAt start: Int, sum: Int) {
        guard count > 0 else { return }
        counts[start, default: 0] += count
        self.count += count
        self.sum += sum
    }

    /// Adds all of another one.
    public mutating func add(_ other: LatencyHistogram) {
        counts.merge(other.counts, uniquingKeysWith: +)
        count += other.count
        sum += other.sum
    }

    /// The mean in milliseconds, rounded; none of nothing.
    public var mean: Int? {
        count == 0 ? nil : (sum + count / 2) / count
    }

    /// The time that so many of a hundred did not exceed, in milliseconds: the middle of the step that it lies in; none of
    /// nothing.
    public func percentile(_ percent: Int) -> Int? {
        guard count > 0 else { return nil }
        // The nearest rank, from 1 on.
        let rank = max(1, (count * percent + 99) / 100)
        var passed = 0
        for (start, count) in counts.sorted(by: { $0.key < $1.key }) {
            passed += count
            if passed >= rank { return start + (Self.width(at: start) - 1) / 2 }
        }
        return nil
    }
}
