import Metrics
import ParleyTesting
import PrometheusMetrics
import Testing

@Suite("A registry")
struct RegistryTests {
    private static let refused = "metrics_registry_refused_total"

    private func bounded(families: Int = 100, series: Int = 100) -> PrometheusRegistry {
        var bounds = PrometheusRegistry.Bounds()
        bounds.families = families
        bounds.seriesPerFamily = series
        return PrometheusRegistry(bounds: bounds)
    }

    @Test("Past the bound of a family, what has new labels is counted together, and what is known goes on")
    func seriesBound() throws {
        let registry = bounded(series: 3)
        for round in 1...2 {
            for user in 0..<10 {
                Counter(label: "a", dimensions: [("user", "\(user)")], factory: registry).increment(by: round)
            }
        }
        Counter(label: "b", dimensions: [("user", "9")], factory: registry).increment()
        let text = try PrometheusText(registry.text())
        #expect(text["a"]?.samples.count == 4)
        for user in ["0", "1", "2"] { #expect(text.value("a", ["user": user]) == "3") }
        #expect(text.value("a", ["overflow": "true"]) == "21")
        #expect(text.value("b", ["user": "9"]) == "1")
        #expect(text.value(Self.refused, ["reason": "series"]) == "14")
    }

    @Test("What is beyond the bound is a series of its kind", arguments: ["counter", "gauge", "histogram"])
    func overflowOfKinds(kind: String) throws {
        let registry = bounded(series: 1)
        for user in 0..<3 {
            let labels = [("user", "\(user)")]
            switch kind {
            case "counter": FloatingPointCounter(label: "a", dimensions: labels, factory: registry).increment()
            case "gauge": Meter(label: "a", dimensions: labels, factory: registry).increment()
            default: Timer(label: "a", dimensions: labels, factory: registry).recordSeconds(1)
            }
        }
        let text = try PrometheusText(registry.text())
        #expect(text["a"]?.type == kind)
        #expect(text.value(kind == "histogram" ? "a_count" : "a", ["overflow": "true"]) == "2")
    }

    @Test("Past the bound of families, what is made counts for nobody")
    func familyBound() throws {
        let registry = bounded(families: 2)
        for name in ["a", "b", "c"] { Counter(label: name, factory: registry).increment() }
        let text = try PrometheusText(registry.text())
        #expect(text.families.map(\.name) == ["a", "b", Self.refused])
        #expect(text.value(Self.refused, ["reason": "families"]) == "1")
    }

    @Test("A name keeps its kind, also with other labels")
    func kinds() throws {
        let registry = PrometheusRegistry()
        Counter(label: "a", factory: registry).increment()
        Meter(label: "a", factory: registry).set(5)
        Timer(label: "a", dimensions: [("x", "y")], factory: registry).recordSeconds(1)
        let text = try PrometheusText(registry.text())
        #expect(text["a"]?.samples == [.init(name: "a", value: "1")])
        #expect(text.value(Self.refused, ["reason": "name"]) == "2")
    }

    @Test("No family takes the name of another one's samples", arguments: [true, false])
    func sampleNames(histogramFirst: Bool) throws {
        let registry = PrometheusRegistry()
        if histogramFirst { Timer(label: "a", factory: registry).recordSeconds(1) }
        for name in ["a_count", "a_sum", "a_bucket", Self.refused] {
            Counter(label: name, factory: registry).increment()
        }
        if !histogramFirst { Timer(label: "a", factory: registry).recordSeconds(1) }
        let text = try PrometheusText(registry.text())
        let names = histogramFirst ? ["a"] : ["a_bucket", "a_count", "a_sum"]
        #expect(text.families.map(\.name) == names + [Self.refused])
        #expect(text.value(Self.refused, ["reason": "name"]) == (histogramFirst ? "4" : "2"))
    }

    @Test("A timer and a recorder of one name are one histogram")
    func oneHistogram() throws {
        let registry = PrometheusRegistry()
        Timer(label: "a", factory: registry).recordSeconds(2)
        Recorder(label: "a", factory: registry).record(3)
        Recorder(label: "a", factory: registry).record(0.5)
        let text = try PrometheusText(registry.text())
        #expect(text.value("a_count") == "3")
        #expect(text.value("a_sum") == "5.5")
    }

    @Test("What is destroyed is gone, its name with the last of its family, and begins at zero when it is made again")
    func destroy() throws {
        let registry = bounded(families: 4, series: 2)
        let one = Counter(label: "a", dimensions: [("x", "1")], factory: registry)
        let two = Counter(label: "a", dimensions: [("x", "2")], factory: registry)
        let meter = Meter(label: "m", factory: registry)
        let timer = Timer(label: "t", factory: registry)
        let parts = FloatingPointCounter(label: "p", factory: registry)
        one.increment(by: 5)
        one.destroy()
        #expect(try PrometheusText(registry.text())["a"]?.samples == [.init(name: "a", labels: ["x": "2"], value: "0")])
        for end in [two.destroy, meter.destroy, timer.destroy, parts.destroy] { end() }
        one.destroy()
        one.increment()
        Gauge(label: "a", factory: registry).record(1)
        Counter(label: "t_count", factory: registry).increment()
        let text = try PrometheusText(registry.text())
        #expect(text.families.map(\.name) == ["a", Self.refused, "t_count"])
        #expect(text.value("a") == "1")
    }

    @Test("The series for what is beyond the bound has many holders, and none of them takes it away")
    func overflowStays() throws {
        let registry = bounded(series: 1)
        let counters = (0..<3).map { Counter(label: "a", dimensions: [("x", "\($0)")], factory: registry) }
        for counter in counters { counter.increment() }
        counters[1].destroy()
        counters[0].destroy()
        Counter(label: "a", dimensions: [("x", "new")], factory: registry).increment()
        let text = try PrometheusText(registry.text())
        #expect(text.value("a", ["overflow": "true"]) == "2")
        #expect(text.value("a", ["x": "new"]) == "1")
    }

    @Test("Collected values are read for each text, by one call, and left out where there is none")
    func collected() throws {
        let registry = PrometheusRegistry()
        Counter(label: "taken", factory: registry).increment()
        let readings = Readings()
        let families = ["b", "taken", "a.dotted", "c"].map {
            CollectedFamily(name: $0, kind: $0 == "b" ? .counter : .gauge, help: "Help.")
        }
        registry.collect(families) { readings.next() }
        let first = try PrometheusText(registry.text())
        #expect(first["b"] == .init(name: "b", help: "Help.", type: "counter", samples: [.init(name: "b", value: "1")]))
        #expect(first["a_dotted"]?.type == "gauge")
        #expect(first.value("taken") == "1")
        #expect(first["c"] == nil)
        let second = try PrometheusText(registry.text())
        #expect(second.value("b") == "2")
        #expect(second["a_dotted"] == nil)
        #expect(second.families.map(\.name) == second.families.map(\.name).sorted())
        #expect(second.value(Self.refused, ["reason": "name"]) == "1")
    }
}

/// Rises with each reading; the third value is there only once, the fourth never.
private final class Readings: Sendable {
    private let count = Counting()

    func next() -> [Double?] {
        let count = self.count.next()
        return [Double(count), 99, count == 1 ? 5 : nil]
    }
}
