public import Metrics

/// A family of numbers that Parley counts for its operator: its name, what its labels may be, and how it is told.
///
/// All of them are in ``all``; who wants to count something new adds it there, to docs/self-hosting.md, and takes counters,
/// timers and meters from here and not from swift-metrics, so that names and labels stand in one place.
///
/// Values of labels come from the program, never from a caller: routes as templates, operations, outcomes. Each value is a
/// series that is kept until the process ends.
public struct Metric: Hashable, Sendable {
    /// What is told of it.
    public enum Kind: Hashable, Sendable {
        /// A number that only rises.
        case counter
        /// A number that goes up and down.
        case gauge
        /// How often values lay in which range, by their upper bounds; seconds for timers.
        case histogram(buckets: [Double])
    }

    /// The name, with `parley_` before it and its unit at its end.
    public let name: String
    /// What is told of it.
    public let kind: Kind
    /// The names of its labels.
    public let labels: [String]
    /// A sentence for the operator.
    public let help: String

    init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }

    /// A counter, with a value for each label in their order: make it once and keep it.
    public func counter(_ values: String..., factory: any MetricsFactory) -> Counter {
        Counter(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// A gauge, with a value for each label in their order: make it once and keep it.
    public func meter(_ values: String..., factory: any MetricsFactory) -> Meter {
        Meter(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// A histogram of durations, with a value for each label in their order: make it once and keep it.
    public func timer(_ values: String..., factory: any MetricsFactory) -> Timer {
        Timer(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// A histogram of other numbers, with a value for each label in their order: make it once and keep it.
    public func recorder(_ values: String..., factory: any MetricsFactory) -> Recorder {
        Recorder(label: name, dimensions: dimensions(values), factory: factory)
    }

    private func dimensions(_ values: [String]) -> [(String, String)] {
        assert(values.count == labels.count, "\(name) has the labels \(labels)")
        return Array(zip(labels, values))
    }
}

/// A counter for each of the values that one label may have.
public struct Tally<Value: RawRepresentable & CaseIterable & Hashable & Sendable>: Sendable
where Value.RawValue == String {
    private let counters: [Value: Counter]

    /// Makes the counters of a metric with one label, all at zero: an alert on a rise needs a value to rise from.
    public init(_ metric: Metric, factory: any MetricsFactory) {
        counters = Dictionary(
            Value.allCases.map { ($0, metric.counter($0.rawValue, factory: factory)) }
        ) { first, _ in first }
    }

    /// Counts one, or as many as there were.
    public func count(_ value: Value, by amount: Int = 1) {
        counters[value]?.increment(by: amount)
    }
}
