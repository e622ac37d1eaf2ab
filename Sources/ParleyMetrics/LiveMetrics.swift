public import Metrics

/// Counts connected sockets and streams, and what they are told.
public struct LiveMetrics: Sendable {
    /// Why clients were told to look at the state afresh.
    public enum Resync: String, CaseIterable, Sendable {
        /// One took its events too slowly.
        case slow
        /// A link between instances was lost, or an instance could not keep up.
        case lagged
        /// There was more to catch up on than a socket brings.
        case behind
        /// A client's revision was ahead of the store.
        case ahead
        /// Somebody has become a member of a project.
        case joined
    }

    /// Why the server closed a connection.
    public enum Closing: String, CaseIterable, Sendable {
        /// It was shut down.
        case shutdown
        /// Something went wrong.
        case failure
        /// The person lost a project.
        case accessLost = "access_lost"
        /// The client read too slowly.
        case tooSlow = "too_slow"
        /// The sign-in was ended.
        case signedOut = "signed_out"
        /// The credential ran out.
        case expired
    }

    private let open: Meter
    private let sent: Counter
    private let fills: Counter
    private let catchUps: Counter
    private let resyncs: Tally<Resync>
    private let closings: Tally<Closing>

    /// Makes the counters.
    public init(factory: any MetricsFactory = MetricsSystem.factory) {
        open = Metric.liveConnections.meter(factory: factory)
        sent = Metric.liveFrames.counter(factory: factory)
        fills = Metric.liveFills.counter(factory: factory)
        catchUps = Metric.liveCatchUps.counter(factory: factory)
        resyncs = Tally(.liveResyncs, factory: factory)
        closings = Tally(.liveClosings, factory: factory)
    }

    /// Says how many connections there are.
    public func connections(_ count: Int) { open.set(count) }

    /// Counts frames that were handed to connections.
    public func frames(_ count: Int) { sent.increment(by: count) }

    /// Counts a gap between events that was filled in from the store.
    public func filled() { fills.increment() }

    /// Counts a client that has caught up.
    public func caughtUp() { catchUps.increment() }

    /// Counts a client, or all of a project, being told to look afresh.
    public func resynced(_ reason: Resync) { resyncs.count(reason) }

    /// Counts a connection that the server closed.
    public func closed(_ closing: Closing) { closings.count(closing) }
}
