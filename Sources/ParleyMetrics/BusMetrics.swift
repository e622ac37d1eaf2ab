public import Metrics

/// Counts what passes between instances.
public struct BusMetrics: Sendable {
    /// Which way a frame went.
    public enum Direction: String, CaseIterable, Sendable {
        /// From here.
        case sent
        /// To here.
        case received
    }

    /// Why listeners were told that they missed something.
    public enum Gap: String, CaseIterable, Sendable {
        /// The link to the other instances was lost, or a frame could not be read.
        case link
        /// A listener's queue was full.
        case queue
    }

    private let frames: Tally<Direction>
    private let gaps: Tally<Gap>

    /// Makes the counters.
    public init(factory: any MetricsFactory = MetricsSystem.factory) {
        frames = Tally(.busFrames, factory: factory)
        gaps = Tally(.busGaps, factory: factory)
    }

    /// Counts frames.
    public func frames(_ direction: Direction, count: Int = 1) { frames.count(direction, by: count) }

    /// Counts a gap; one for each listener that was told.
    public func gap(_ gap: Gap, listeners: Int = 1) { gaps.count(gap, by: listeners) }
}
