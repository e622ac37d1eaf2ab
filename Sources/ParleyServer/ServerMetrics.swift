public import Metrics
public import ParleyMetrics

/// What the server counts, and to whom it shows that.
public struct ServerMetrics: Sendable {
    /// Makes the counters.
    public var factory: any MetricsFactory
    /// What `/metrics` answers; none means that there is no such route.
    public var page: MetricsPage?
    /// From when on a request is logged as slow; none means never.
    public var slowRequest: Duration?
    /// What time is measured by.
    public var clock: any Clock<Duration>
    /// Counts connected sockets and streams.
    public var live: LiveMetrics

    /// Counts in the system's factory, shows nothing and logs nothing, unless told otherwise.
    public init(
        factory: any MetricsFactory = MetricsSystem.factory,
        page: MetricsPage? = nil,
        slowRequest: Duration? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.factory = factory
        self.page = page
        self.slowRequest = slowRequest
        self.clock = clock
        live = LiveMetrics(factory: factory)
    }
}

/// What `/metrics` answers, and to whom.
public struct MetricsPage: Sendable {
    /// Who may read it.
    public enum Readers: Hashable, Sendable {
        /// Whoever reaches the server.
        case everyone
        /// Who comes by no proxy. A proxy that doesn't say that it is one is not seen.
        case direct
    }

    /// Its media type.
    public let contentType: String
    /// Who may read it.
    public let readers: Readers
    /// What is counted, as it is now.
    public let text: @Sendable () -> [UInt8]

    /// Makes a page.
    public init(contentType: String, readers: Readers, text: @escaping @Sendable () -> [UInt8]) {
        self.contentType = contentType
        self.readers = readers
        self.text = text
    }
}
