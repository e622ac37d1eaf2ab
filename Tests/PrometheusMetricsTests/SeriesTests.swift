import Metrics
import ParleyTesting
import PrometheusMetrics
import Testing

@Suite("Series")
struct SeriesTests {
    private let registry = PrometheusRegistry(descriptions: [
        FamilyDescription(name: "h", help: "", buckets: [10, 1, .nan, 10, .infinity, -5, 0.3])
    ])

    private func value(_ name: String, _ labels: [String: String] = [:]) throws -> String? {
        try PrometheusText(registry.text()).value(name, labels)
    }

    @Test("A counter only rises, until it is reset")
    func counter() throws {
        let counter = Counter(label: "a", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3)
        counter.increment(by: 0)
        #expect(try value("a") == "5")
        counter.reset()
        #expect(try value("a") == "0")
    }

    @Test("Whole and other amounts of one name are one counter; what is no amount is ignored")
    func floatingPoint() throws {
        Counter(label: "a", factory: registry).increment(by: 2)
        let counter = FloatingPointCounter(label: "a", factory: registry)
        for amount in [0.25, 0.5, -1, .nan, .infinity] { counter.increment(by: amount) }
        #expect(try value("a") == "2.75")
        counter.reset()
        #expect(try value("a") == "0")
    }

    @Test("A large count stays exact")
    func largeCount() throws {
        Counter(label: "a", factory: registry).increment(by: Int64(9_007_199_254_740_993))
        #expect(try value("a") == "9007199254740993")
    }

    @Test("A meter goes up and down, and what it was set to counts")
    func meter() throws {
        let meter = Meter(label: "a", factory: registry)
        meter.increment()
        meter.increment(by: 2.5)
        meter.decrement()
        #expect(try value("a") == "2.5")
        meter.set(7)
        #expect(try value("a") == "7")
        meter.set(-0.5)
        #expect(try value("a") == "-0.5")
    }

    @Test("A value counts in the first bucket whose bound it does not pass; bounds are put in order")
    func buckets() throws {
        let recorder = Recorder(label: "h", factory: registry)
        for value in [-6, -5, 0, 0.3, 0.30001, 1, 10, 11, .nan, .infinity] as [Double] { recorder.record(value) }
        let family = try #require(try PrometheusText(registry.text())["h"])
        let buckets = family.samples.filter { $0.name == "h_bucket" }
        #expect(buckets.map { $0.labels["le"] } == ["-5", "0.3", "1", "10", "+Inf"])
        #expect(buckets.map(\.value) == ["2", "4", "6", "7", "8"])
        #expect(try value("h_count") == "8")
        #expect(Double(try value("h_sum") ?? "")?.rounded() == 12)
    }

    @Test("Whole values and durations lie on their bounds exactly", arguments: [1, 10])
    func exactBounds(bound: Int) throws {
        let bounds = ["1": 1, "10": 10]
        Recorder(label: "h", factory: registry).record(bound)
        let timer = Timer(label: "h", dimensions: [("unit", "s")], factory: registry)
        timer.recordSeconds(bound)
        timer.recordNanoseconds(Int64(bound) * 1_000_000_000 + 1)
        for (text, value) in bounds {
            #expect(try self.value("h_bucket", ["le": text]) == (bound <= value ? "1" : "0"))
            let expected = bound < value ? "2" : bound == value ? "1" : "0"
            #expect(try self.value("h_bucket", ["unit": "s", "le": text]) == expected)
        }
    }

    @Test("A timer is in seconds, whatever it is given, and a duration under zero is none")
    func timer() throws {
        let timer = Timer(label: "t", preferredDisplayUnit: .milliseconds, factory: registry)
        timer.recordMilliseconds(1500)
        timer.record(duration: .microseconds(250))
        timer.recordNanoseconds(-5)
        timer.record(duration: .seconds(-1))
        #expect(try value("t_sum") == "1.50025")
        #expect(try value("t_count") == "4")
        #expect(try value("t_bucket", ["le": "0.001"]) == "3")
    }

    @Test("A recorder that does not aggregate is a gauge")
    func gauge() throws {
        let gauge = Gauge(label: "g", factory: registry)
        gauge.record(3)
        gauge.record(2)
        #expect(try value("g") == "2")
        #expect(try PrometheusText(registry.text())["g"]?.type == "gauge")
    }

    @Test("Counted by many tasks at once and read meanwhile, nothing is lost and every reading agrees with itself")
    func concurrency() async throws {
        let (tasks, rounds) = (8, 2000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    let own = [("task", "\(task % 2)")]
                    let parts = FloatingPointCounter(label: "parts", factory: registry)
                    let meter = Meter(label: "meter", factory: registry)
                    for round in 0..<rounds {
                        // Made anew each time, so that making is raced, too.
                        Counter(label: "c", dimensions: own, factory: registry).increment()
                        parts.increment(by: 0.5)
                        meter.increment()
                        meter.decrement()
                        Timer(label: "t", factory: registry).recordMilliseconds(round % 3)
                        Recorder(label: "h", factory: registry).record(0.5)
                    }
                }
            }
            group.addTask {
                for _ in 0..<50 { _ = try PrometheusText(registry.text()) }
            }
            try await group.waitForAll()
        }
        let total = tasks * rounds
        #expect(try value("c", ["task": "0"]) == "\(total / 2)")
        #expect(try value("c", ["task": "1"]) == "\(total / 2)")
        #expect(try value("parts") == "\(total / 2)")
        #expect(try value("meter") == "0")
        #expect(try value("t_count") == "\(total)")
        #expect(try value("h_count") == "\(total)")
        #expect(try value("h_sum") == "\(total / 2)")
    }

    @Test("A family can be read series by series, with its labels as they were given")
    func readings() throws {
        #expect(registry.readings(of: "a").isEmpty)
        Counter(label: "a", dimensions: [("x", "1\n"), ("y", "2")], factory: registry).increment(by: 5)
        Counter(label: "a", dimensions: [("x", "2"), ("y", "2")], factory: registry).increment()
        let readings = registry.readings(of: "a").sorted { $0.number < $1.number }
        #expect(readings.map(\.number) == [1, 5])
        #expect(readings.map(\.labels) == [["x": "2", "y": "2"], ["x": "1\n", "y": "2"]])
        #expect(readings.allSatisfy { $0.histogram == nil })
        let recorder = Recorder(label: "h", factory: registry)
        for value in [0.5, 2, 100] { recorder.record(value) }
        let histogram = try #require(registry.readings(of: "h").first?.histogram)
        #expect(histogram.bounds == [-5, 0.3, 1, 10])
        #expect(histogram.counts == [0, 0, 1, 1, 1])
        #expect(histogram.sum == 102.5)
    }
}
