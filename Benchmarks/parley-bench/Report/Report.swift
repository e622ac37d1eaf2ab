import Foundation
import ParleyCore

/// All figures of a run, with what one must know to read them.
struct Report: Sendable {
    let seconds: Double
    let rounds: Int
    private var figures: [Figure] = []
    private let loadBefore = Self.loadAverage
    private var loadAfter = 0.0

    init(seconds: Double, rounds: Int) {
        self.seconds = seconds
        self.rounds = rounds
    }

    /// The names of the columns.
    static let header = row(
        "name",
        ["value", "unit", "p50 ms", "p99 ms", "ceiling", "ratio", "CPU us", "ceiling", "client"]
    )

    static func row(_ name: String, _ columns: [String]) -> String {
        let widths = [9, 10, 9, 9, 9, 7, 8, 8, 8]
        let padded = zip(columns, widths).map { column, width in
            String(repeating: " ", count: max(1, width - column.count)) + column
        }
        return name.padding(toLength: 21, withPad: " ", startingAt: 0) + padded.joined()
    }

    /// How the figures were come by.
    var footer: String {
        """

        Value, ceiling and CPU: medians of \(rounds) rounds of \(seconds) s, Parley's and the bare route's in turn; p50 and \
        p99: of all rounds. The ceiling is a bare Hummingbird route in the same process that returns the same bytes (and \
        reads the same body); with PostgreSQL and Redis, for some what pgbench and redis-benchmark do; for tokens, the check of the signature alone, and the hash that a cached one is known by. CPU: \
        microseconds of processor time for one request, of the whole process without the load generator's thread; then the \
        bare route's, and the load generator's own. Of turns, everything is counted by delta of the model's server \
        (\(RequestTexts.deltasPerTurn) in each), the ceiling is that server asked without Parley, CPU includes what it takes \
        itself, and "first" is the time to the first delta: p50 and p99 are what Parley adds to it. With sockets, the ceiling \
        is a bare server of NIO, or NATS, and all are processes of their own. Load average of this \
        machine with \
        \(ProcessInfo.processInfo.activeProcessorCount) cores: \(loadBefore) before, \(loadAfter) after.
        """
    }

    /// Takes a figure, and prints it.
    mutating func add(_ figure: Figure) {
        print(figure.line)
        figures.append(figure)
    }

    /// Ends the run.
    mutating func finish() {
        loadAfter = Self.loadAverage
    }

    var json: [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.member("finished_at", SystemClock().now())
            writer.member("seconds", JSONNumber(seconds).map(JSON.number))
            writer.member("rounds", rounds)
            writer.member("cores", ProcessInfo.processInfo.activeProcessorCount)
            writer.member("load_before", JSONNumber(loadBefore).map(JSON.number))
            writer.member("load_after", JSONNumber(loadAfter).map(JSON.number))
            writer.name("figures")
            writer.array { for figure in figures { figure.write(to: &$0) } }
        }
        return writer.bytes
    }

    /// The machine's load over the last minute.
    private static var loadAverage: Double {
        var averages = [0.0]
        return getloadavg(&averages, 1) == 1 ? (averages[0] * 100).rounded() / 100 : -1
    }
}
