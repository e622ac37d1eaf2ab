/// What is known of a family of series before anybody counts in it: its help, and the buckets of a histogram.
///
/// The API of swift-metrics has room for neither.
public struct FamilyDescription: Hashable, Sendable {
    /// The family's name, which is the label that counters and timers are made with.
    public let name: String
    /// A sentence on what is counted, and in which unit.
    public let help: String
    /// The upper bounds of a histogram's buckets, inclusive, in the unit of what is recorded, seconds for timers; none means
    /// the default ones.
    public let buckets: [Double]

    /// Describes a family.
    ///
    /// Bounds are put in order; what is not finite, and what stands twice, is dropped.
    public init(name: String, help: String, buckets: [Double] = []) {
        self.name = name
        self.help = help
        self.buckets = Set(buckets.filter(\.isFinite)).sorted()
    }

    /// The buckets of timers that nobody has described, in seconds.
    public static let timerBuckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// The buckets of recorders that nobody has described.
    public static let recorderBuckets: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
}

/// A family of one series without labels, whose value is read when somebody asks for the text.
public struct CollectedFamily: Hashable, Sendable {
    /// What the value may do.
    public enum Kind: Hashable, Sendable {
        /// It only rises, until the process ends.
        case counter
        /// It goes up and down.
        case gauge
    }

    /// The family's name.
    public let name: String
    /// What the value may do.
    public let kind: Kind
    /// A sentence on what is counted, and in which unit.
    public let help: String

    /// Describes a family.
    public init(name: String, kind: Kind, help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}
