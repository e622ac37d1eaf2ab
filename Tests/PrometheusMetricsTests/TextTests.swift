import Metrics
import ParleyTesting
import PrometheusMetrics
import Testing

@Suite("Prometheus' text")
struct TextTests {
    private let refused = """
        # HELP metrics_registry_refused_total Series that were not kept apart: too many in a family, too many families, \
        a name of another kind.
        # TYPE metrics_registry_refused_total counter
        metrics_registry_refused_total{reason="families"} 0
        metrics_registry_refused_total{reason="name"} 0
        metrics_registry_refused_total{reason="series"} 0

        """

    @Test("It is what the format's own description shows, families and series in order")
    func whole() {
        let registry = PrometheusRegistry(descriptions: [
            FamilyDescription(name: "a_seconds", help: "How long it took.", buckets: [0.25, 2]),
            FamilyDescription(name: "b_total", help: "What was done."),
        ])
        Gauge(label: "c", factory: registry).record(-1.5)
        Counter(label: "b_total", dimensions: [("x", "2"), ("a", "1")], factory: registry).increment(by: 7)
        Counter(label: "b_total", dimensions: [("a", "0")], factory: registry).increment()
        let timer = Timer(label: "a_seconds", dimensions: [("z", "y")], factory: registry)
        timer.recordMilliseconds(250)
        timer.recordMilliseconds(251)
        timer.recordSeconds(3)
        let expected = """
            # HELP a_seconds How long it took.
            # TYPE a_seconds histogram
            a_seconds_bucket{z="y",le="0.25"} 1
            a_seconds_bucket{z="y",le="2"} 2
            a_seconds_bucket{z="y",le="+Inf"} 3
            a_seconds_sum{z="y"} 3.501
            a_seconds_count{z="y"} 3
            # HELP b_total What was done.
            # TYPE b_total counter
            b_total{a="0"} 1
            b_total{a="1",x="2"} 7
            # TYPE c gauge
            c -1.5

            """
        #expect(String(decoding: registry.text(), as: UTF8.self) == expected + refused)
    }

    @Test("A registry in which nothing was counted says only that nothing was refused")
    func empty() {
        let registry = PrometheusRegistry(descriptions: [FamilyDescription(name: "a", help: "Never made.")])
        #expect(String(decoding: registry.text(), as: UTF8.self) == refused)
    }

    @Test(
        "Every text comes back as it went in, as a label's value and as a help",
        arguments: [
            "", "plain", #"a "quoted" \ one"#, "two\nlines\r\n", #"\n"#, #"\\"#, "ends with \\", "\"", "{},=#", " ",
            "naïve 茶 👩‍👩‍👧", "e\u{301}\"\u{301}\\\u{301}\n\u{301}", "\u{0}\u{7F}\u{2028}",
        ]
    )
    func escaping(text: String) throws {
        let registry = PrometheusRegistry(descriptions: [FamilyDescription(name: "a", help: "x" + text)])
        Counter(label: "a", dimensions: [("l", text), ("m", "after")], factory: registry).increment()
        let parsed = try PrometheusText(registry.text())
        let family = try #require(parsed["a"])
        #expect(family.help.map { Array($0.utf8) } == Array(("x" + text).utf8))
        #expect(family.samples.map { Array(($0.labels["l"] ?? "none").utf8) } == [Array(text.utf8)])
        #expect(family.samples.map { $0.labels["m"] } == ["after"])
    }

    @Test(
        "Numbers are written as Go reads them",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (0.1, "0.1"), (1e15, "1000000000000000"), (1e17, "1e+17"),
            (123_456_789, "123456789"), (1e-7, "1e-07"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1.0e300, "1e+300"), (2.5, "2.5"),
        ] as [(Double, String)]
    )
    func numbers(value: Double, text: String) throws {
        let registry = PrometheusRegistry()
        Meter(label: "a", factory: registry).set(value)
        #expect(try PrometheusText(registry.text()).value("a") == text)
    }

    @Test(
        "Names become ones that Prometheus takes",
        arguments: [
            ("http.server.duration", "http_server_duration"), ("a:b", "a:b"), ("1st", "_1st"), ("", "_"),
            ("é-ß", "___"),
            ("fine_1", "fine_1"),
        ]
    )
    func familyNames(label: String, name: String) throws {
        let registry = PrometheusRegistry()
        Counter(label: label, factory: registry).increment()
        #expect(try PrometheusText(registry.text())[name]?.samples.count == 1)
    }

    @Test(
        "Names of labels do, too, and never one that is Prometheus' own",
        arguments: [
            ("http.method", "http_method"), ("le", "exported_le"), ("__name__", "_name__"), ("a:b", "a_b"), ("9", "_9"),
            ("", "_"),
        ]
    )
    func labelNames(given: String, name: String) throws {
        let registry = PrometheusRegistry()
        Timer(label: "a", dimensions: [(given, "v")], factory: registry).recordSeconds(1)
        #expect(try PrometheusText(registry.text()).value("a_count", [name: "v"]) == "1")
    }

    @Test("Of several values for one label the first counts, and the order of labels does not")
    func repeatedLabels() throws {
        let registry = PrometheusRegistry()
        Counter(label: "a", dimensions: [("x", "1"), ("y", "2"), ("x", "3")], factory: registry).increment()
        Counter(label: "a", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment()
        let family = try #require(try PrometheusText(registry.text())["a"])
        #expect(family.samples == [.init(name: "a", labels: ["x": "1", "y": "2"], value: "2")])
    }
}
