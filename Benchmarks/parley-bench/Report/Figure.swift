import Foundation
import ParleyCore

/// One line of the report.
struct Figure: Sendable {
    /// The workload and the number of callers.
    let name: String
    /// How many in a second.
    let value: Double
    let unit: String
    /// Latencies in milliseconds, over all rounds.
    let p50: Double
    let p99: Double
    /// How many in a second the bare route answers.
    let ceiling: Double
    /// The median of each round's value by its ceiling.
    let ratio: Double
    /// Processor time for one request of the server, of the bare route, and of the load generator beside the server.
    let serverMicroseconds: Double
    let ceilingMicroseconds: Double
    let generatorMicroseconds: Double
    /// Processor time for one request of servers in processes of their own, in both kinds of round.
    var servers: [ServerTime] = []

    /// The figure as a line of the table that ``Report/header`` heads.
    var line: String {
        let columns = [
            number(value), unit, fine(p50), fine(p99), number(ceiling), fine(ratio), number(serverMicroseconds),
            number(ceilingMicroseconds), number(generatorMicroseconds),
        ]
        let others = servers.map { "  \($0.name) \(number($0.microseconds))/\(number($0.ceilingMicroseconds))" }
        return Report.row(name, columns) + others.joined()
    }

    private func number(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        return String(format: abs(value) < 20 ? "%.2f" : "%.0f", value)
    }

    private func fine(_ value: Double) -> String {
        value.isFinite ? String(format: "%.3f", value) : "-"
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", name)
            writer.member("value", rounded(value))
            writer.member("unit", unit)
            writer.member("p50_ms", rounded(p50))
            writer.member("p99_ms", rounded(p99))
            writer.member("ceiling", rounded(ceiling))
            writer.member("ratio", rounded(ratio))
            writer.member("cpu_us", rounded(serverMicroseconds))
            writer.member("ceiling_cpu_us", rounded(ceilingMicroseconds))
            writer.member("generator_cpu_us", rounded(generatorMicroseconds))
            writer.name("servers")
            writer.array { writer in
                for server in servers {
                    writer.object { writer in
                        writer.member("name", server.name)
                        writer.member("cpu_us", rounded(server.microseconds))
                        writer.member("ceiling_cpu_us", rounded(server.ceilingMicroseconds))
                    }
                }
            }
        }
    }

    private func rounded(_ value: Double) -> JSON? {
        JSONNumber((value * 1000).rounded() / 1000).map(JSON.number)
    }
}

/// Processor time of a server in a process of its own, for one request.
struct ServerTime: Sendable {
    let name: String
    /// In Parley's rounds.
    let microseconds: Double
    /// In those of the ceiling.
    let ceilingMicroseconds: Double
}
