import Foundation
import ParleyTesting
import Synchronization
import Testing

@testable import PrometheusMetrics

/// Counts from one.
final class Counting: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}

@Suite("The process itself")
struct ProcessTests {
    private static let line = """
        4242 (a) b (c) S 1 4242 4242 0 -1 4194560 1217 0 3 0 150 50 7 9 20 0 12 0 98765 1048576 256 18446744073709551615 \
        1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0

        """

    @Test("A line of proc(5) is read behind the name, whatever that holds")
    func line() throws {
        let status = try #require(
            ProcessStatus(stat: Self.line, ticksPerSecond: 100, pageBytes: 4096, bootSeconds: 1_700_000_000)
        )
        #expect(status.processorSeconds == 2)
        #expect(status.threads == 12)
        #expect(status.virtualBytes == 1_048_576)
        #expect(status.residentBytes == 1_048_576)
        #expect(status.startSeconds == 1_700_000_987.65)
    }

    @Test("What is not such a line is none", arguments: ["", "1 (x", "1 (x) S 1 2 3", "1 (x) z z z"])
    func noLine(text: String) {
        #expect(ProcessStatus(stat: text, ticksPerSecond: 100, pageBytes: 4096, bootSeconds: nil) == nil)
    }

    @Test("The machine's start is the line that says so")
    func boot() {
        #expect(ProcessStatus.bootSeconds(stat: "cpu  1 2 3\nbtime 1700000000\nprocesses 5\n") == 1_700_000_000)
        #expect(ProcessStatus.bootSeconds(stat: "cpu  1 2 3\n") == nil)
    }

    @Test("What is read of this process can be true")
    func real() throws {
        let registry = PrometheusRegistry()
        registry.collectProcess()
        func read() throws -> [String: Double] {
            let samples = try PrometheusText(registry.text()).families.flatMap(\.samples)
            return Dictionary(samples.map { ($0.name, Double($0.value) ?? .nan) }) { first, _ in first }
        }
        let files = (0..<10).map { _ in FileHandle(forReadingAtPath: "/dev/null") }
        let values = try read()
        let resident = try #require(values["process_resident_memory_bytes"])
        #expect(resident > 1_000_000)
        #expect(try #require(values["process_virtual_memory_bytes"]) > resident)
        #expect(try #require(values["process_open_fds"]) >= Double(files.count))
        #expect(try #require(values["process_max_fds"]) > 10)
        #expect(try #require(values["process_threads"]) >= 1)
        #expect(try #require(values["process_cpu_seconds_total"]) >= 0)
        let start = try #require(values["process_start_time_seconds"])
        #expect(start > 1_700_000_000 && start <= Date().timeIntervalSince1970 + 60)
    }
}
