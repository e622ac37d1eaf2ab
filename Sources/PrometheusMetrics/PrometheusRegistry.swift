public import CoreMetrics
import Synchronization

/// Keeps counters, gauges and histograms in memory, and writes them in Prometheus' text format 0.0.4.
///
/// It is a `MetricsFactory`: whoever counts knows only the API of swift-metrics. Counting takes no lock; making a counter
/// takes one, and gives the same one for the same label and dimensions, so make it once and keep it.
///
/// Memory is bounded. Past ``Bounds/seriesPerFamily``, further label values of a family are counted in one more series with
/// the label `overflow="true"`, so that sums stay right; past ``Bounds/families``, and where a name is already of another
/// kind, what is made counts for nobody. `metrics_registry_refused_total` tells of all three.
public final class PrometheusRegistry: MetricsFactory {
    /// How much is kept.
    public struct Bounds: Hashable, Sendable {
        /// Families.
        public var families = 500
        /// Series in a family, the one for what is beyond not counted.
        public var seriesPerFamily = 1000

        /// The default bounds.
        public init() {}
    }

    /// The media type of ``text()``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct State {
        var families: [String: Family] = [:]
        // The names of all samples, so that no family's is another's.
        var names: Set<String> = [refusedName]
        var collectors: [Collector] = []
        var refused: [Refusal: Int] = [:]
    }

    private enum Refusal: String, CaseIterable {
        case families
        case name
        case series
    }

    private static let refusedName = "metrics_registry_refused_total"

    private let bounds: Bounds
    private let descriptions: [String: FamilyDescription]
    private let state = Mutex(State())

    /// Makes a registry; of several descriptions of one name the first counts.
    public init(descriptions: [FamilyDescription] = [], bounds: Bounds = Bounds()) {
        self.bounds = bounds
        self.descriptions = Dictionary(descriptions.map { (familyName($0.name), $0) }) { first, _ in first }
    }

    /// Adds families whose values are read at each ``text()``, by one call for all of them.
    ///
    /// A name that is taken is left out. `read` must be quick and must not ask the registry for anything; a value of `nil`,
    /// or one that is missing at the end, leaves its family out this time.
    public func collect(_ families: [CollectedFamily], _ read: @escaping @Sendable () -> [Double?]) {
        state.withLock { state in
            let isFree = families.map { family in
                guard state.names.insert(familyName(family.name)).inserted else {
                    state.refused[.name, default: 0] += 1
                    return false
                }
                return true
            }
            state.collectors.append(Collector(families: families, isShown: isFree, read: read))
        }
    }

    /// Everything as it is now: families by name, series by labels.
    public func text() -> [UInt8] {
        let (families, collectors, refused) = state.withLock { ($0.families, $0.collectors, $0.refused) }
        var parts: [(name: String, write: (inout TextWriter) -> Void)] = []
        for (name, family) in families {
            parts.append((name, { self.write(name, family, to: &$0) }))
        }
        for (family, value) in collectors.flatMap({ $0.values() }) {
            let name = familyName(family.name)
            parts.append(
                (
                    name,
                    { writer in
                        let type = family.kind == .counter ? Family.Kind.counter : .gauge
                        writer.head(name, help: family.help, type: type.rawValue)
                        writer.sample(name, "", .real(value))
                    }
                )
            )
        }
        parts.append((Self.refusedName, { Self.write(refused, to: &$0) }))
        parts.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var writer = TextWriter(capacity: 16 * 1024)
        for part in parts { part.write(&writer) }
        return writer.bytes
    }

    private func write(_ name: String, _ family: Family, to writer: inout TextWriter) {
        writer.head(name, help: descriptions[name]?.help ?? "", type: family.kind.rawValue)
        var all = family.series.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
        if let overflow = family.overflow { all.append(overflow) }
        for series in all {
            switch series {
            case let series as CounterSeries: writer.sample(name, series.place.labels, series.value)
            case let series as GaugeSeries: writer.sample(name, series.place.labels, series.value)
            case let series as HistogramSeries:
                writer.histogram(name, series.place.labels, bounds: series.bounds, series.reading)
            default: break
            }
        }
    }

    private static func write(_ refused: [Refusal: Int], to writer: inout TextWriter) {
        let help = "Series that were not kept apart: too many in a family, too many families, a name of another kind."
        writer.head(refusedName, help: help, type: Family.Kind.counter.rawValue)
        for reason in Refusal.allCases {
            writer.sample(refusedName, labelText([("reason", reason.rawValue)]), .integer(refused[reason] ?? 0))
        }
    }
}

// MARK: - Series

extension PrometheusRegistry {
    private static let overflow = ("overflow", "true")
    private static let overflowLabels = labelText([overflow])

    /// The series of a label and dimensions; a new one that nobody reads where it can't be kept.
    func series<S: Series>(
        _ label: String,
        _ dimensions: [(String, String)],
        _ kind: Family.Kind,
        _ make: (Place) -> S
    ) -> S {
        let name = familyName(label)
        let place = Place(family: name, labels: labelText(dimensions), dimensions: dimensions)
        return state.withLock { state in
            if state.families[name] == nil, let refusal = begin(name, kind, in: &state) {
                state.refused[refusal, default: 0] += 1
                return make(place)
            }
            if let known = state.families[name]?.series[place.labels] {
                if let series = known as? S { return series }
                state.refused[.name, default: 0] += 1
                return make(place)
            }
            guard state.families[name]?.kind == kind else {
                state.refused[.name, default: 0] += 1
                return make(place)
            }
            guard state.families[name]?.series.count ?? 0 < bounds.seriesPerFamily else {
                state.refused[.series, default: 0] += 1
                if let overflow = state.families[name]?.overflow as? S { return overflow }
                let overflow = make(
                    Place(family: name, labels: Self.overflowLabels, dimensions: [Self.overflow])
                )
                state.families[name]?.overflow = overflow
                return overflow
            }
            let series = make(place)
            state.families[name]?.series[place.labels] = series
            return series
        }
    }

    /// All series of a family, the one for what is beyond the bound included.
    func allSeries(of label: String) -> [any Series] {
        let family = state.withLock { $0.families[familyName(label)] }
        guard let family else { return [] }
        return Array(family.series.values) + (family.overflow.map { [$0] } ?? [])
    }

    private func begin(_ name: String, _ kind: Family.Kind, in state: inout State) -> Refusal? {
        let names = kind.sampleNames(of: name)
        guard state.names.isDisjoint(with: names) else { return .name }
        guard state.families.count < bounds.families else { return .families }
        state.names.formUnion(names)
        state.families[name] = Family(kind: kind)
        return nil
    }

    /// The buckets of a histogram.
    func buckets(of label: String, default buckets: [Double]) -> [Double] {
        guard let described = descriptions[familyName(label)]?.buckets, !described.isEmpty else { return buckets }
        return described
    }

    /// Forgets a series, and a family with its last one; who still holds it counts for nobody.
    ///
    /// The series for what is beyond the bound has many holders, and stays.
    func forget(_ handler: AnyObject) {
        guard let series = handler as? any Series else { return }
        let place = series.place
        state.withLock { state in
            guard var family = state.families[place.family], family.series[place.labels] === series else { return }
            family.series[place.labels] = nil
            state.families[place.family] = family.isEmpty ? nil : family
            if family.isEmpty { state.names.subtract(family.kind.sampleNames(of: place.family)) }
        }
    }
}

/// Families that are read when the text is asked for.
private struct Collector: Sendable {
    let families: [CollectedFamily]
    let isShown: [Bool]
    let read: @Sendable () -> [Double?]

    func values() -> [(CollectedFamily, Double)] {
        zip(zip(families, isShown), read()).compactMap { family, value in
            guard family.1, let value else { return nil }
            return (family.0, value)
        }
    }
}
