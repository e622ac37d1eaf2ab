import Metrics
import ParleyChat
import ParleyMetrics
import ParleyPostgres
import ParleyServer
import ParleyStore
import PrometheusMetrics

/// What a running server counts, and to whom it shows that.
struct Watching: Sendable {
    /// Counts nothing: what commands need that serve nobody.
    static let nothing = Watching(registry: nil, readers: nil)

    /// Remembers statements that took too long.
    let slowStatements = SlowStatements()
    private let registry: PrometheusRegistry?
    private let readers: MetricsPage.Readers?

    /// Counts where the settings say that somebody may see it: whoever reads `/metrics`, or an operator.
    init(settings: Settings) {
        let isSeen = settings.metricsReaders != nil || !settings.operators.isEmpty
        self.init(
            registry: isSeen ? PrometheusRegistry(descriptions: Metric.all.map(\.family)) : nil,
            readers: settings.metricsReaders
        )
        registry?.collectProcess()
    }

    private init(registry: PrometheusRegistry?, readers: MetricsPage.Readers?) {
        self.registry = registry
        self.readers = readers
    }

    /// Makes the counters.
    var factory: any MetricsFactory { registry ?? NOOPMetricsHandler.instance }

    /// Reads what was counted; nothing where nothing is.
    var reader: MetricReader {
        guard let registry else { return MetricReader { _ in [] } }
        return Self.reader(of: registry)
    }

    /// Reads what a registry has counted.
    static func reader(of registry: PrometheusRegistry) -> MetricReader {
        MetricReader { metric in
            registry.readings(of: metric.name).map { series in
                MetricReader.Reading(
                    labels: series.labels,
                    number: series.number,
                    histogram: series.histogram.map { .init(bounds: $0.bounds, counts: $0.counts, sum: $0.sum) }
                )
            }
        }
    }

    /// What the server is given.
    func serverMetrics(_ settings: Settings) -> ServerMetrics {
        var page: MetricsPage?
        if let registry, let readers {
            page = MetricsPage(contentType: PrometheusRegistry.contentType, readers: readers) { registry.text() }
        }
        return ServerMetrics(
            factory: factory,
            page: page,
            slowRequest: settings.slowRequest > .zero ? settings.slowRequest : nil
        )
    }

    /// Shows how the pools of connections are whenever somebody looks.
    func watch(_ store: PostgresStore) {
        registry?.collect([]) {
            store.countConnections()
            return []
        }
    }

    /// Shows how far a mirror is behind whenever somebody looks.
    func watch(_ mirror: Mirror) {
        registry?.collect([]) {
            mirror.countWaiting()
            return []
        }
    }

    /// Shows how many replies are running.
    func watch(_ replies: ReplyRegistry) {
        let metric = Metric.repliesRunning
        registry?.collect([CollectedFamily(name: metric.name, kind: .gauge, help: metric.help)]) {
            [Double(replies.runningReplies)]
        }
    }
}

extension Metric {
    /// The metric as the registry is told of it.
    fileprivate var family: FamilyDescription {
        var buckets: [Double] = []
        if case .histogram(let bounds) = kind { buckets = bounds }
        return FamilyDescription(name: name, help: help, buckets: buckets)
    }
}
