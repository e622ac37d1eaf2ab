import Foundation
import ParleyCore

/// Measures what is live: sockets that receive, idle, and come all at once.
///
/// `parley serve`, `parley-load`, the bare server and NATS are processes of their own. Each round has a fresh server of each
/// kind, one after another, so that all see the same minutes of a machine that others use too.
struct LiveBenchmark {
    /// One of a workload's figures: what of `parley-load`'s it is made of.
    private struct Shape {
        var value = "per_second"
        var unit = "frames/s"
        var p50 = "p50_ms"
        var p99 = "p99_ms"
        var processor = "server_cpu_us_per_frame"
        var client = "client_cpu_us_per_frame"
    }

    private typealias Rounds = [LiveServer.Kind: [LoadFigures]]

    let sizes: LiveSizes
    let seconds: Double
    let rounds: Int
    let directory: URL
    private var load: LoadRun { LoadRun(directory: directory) }

    init(sizes: LiveSizes, seconds: Double, rounds: Int, directory: URL) {
        self.sizes = sizes
        self.seconds = seconds
        self.rounds = rounds
        self.directory = directory
    }

    func run(_ subjects: [Subject], _ report: (Figure) -> Void) async throws {
        if !subjects.isEmpty, !LiveServer.hasNATS { print("There is no nats-server: its figures are left out.") }
        for subject in subjects {
            switch subject {
            case .liveFanout: try await fanout(report)
            case .livePairs: try await pairs(report)
            case .liveIdle: try await idle(report)
            case .liveStorm: try await storm(report)
            case .liveAcross: try await across(report)
            default: break
            }
        }
    }

    /// One to many: past the store as fast as it goes, and paced; and by appends, which are committed first.
    private func fanout(_ report: (Figure) -> Void) async throws {
        let options = ["--sockets", "\(sizes.fanout)", "--seconds", "\(seconds)"]
        try await measure("fanout", sizes.fanout, Shape(), { _ in ("fanout", options, []) }, report)
        let paced = options + ["--rate", "20"]
        try await measure("paced", sizes.fanout, Shape(), { _ in ("fanout", paced, []) }, report)
        // Of the others, as many bytes as Parley's event has.
        let appends = ["--by", "appends"]
        try await measure(
            "appended",
            sizes.fanout,
            Shape(),
            { ("fanout", options, $0 == .parley ? appends : ["--bytes", "900"]) },
            report
        )
    }

    /// One to one, many times: past the store; and by appends, where nobody else does the same.
    private func pairs(_ report: (Figure) -> Void) async throws {
        let options = ["--pairs", "\(sizes.pairs)", "--seconds", "\(seconds)"]
        try await measure("pairs", sizes.pairs, Shape(), { _ in ("pairs", options, []) }, report)
        let appends = options + ["--by", "appends", "--window", "1"]
        try await measure(
            "pairs-append",
            sizes.pairs,
            Shape(),
            { $0 == .parley ? ("pairs", appends, []) : nil },
            report
        )
    }

    private func idle(_ report: (Figure) -> Void) async throws {
        let shape = Shape(
            value: "kb_per_socket",
            unit: "KB/socket",
            processor: "open_cpu_us_per_socket"
        )
        let options = ["--sockets", "\(sizes.idle)", "--seconds", "2"]
        try await measure("idle", sizes.idle, shape, { _ in ("idle", options, []) }, report)
    }

    private func storm(_ report: (Figure) -> Void) async throws {
        let shape = Shape(
            unit: "sockets/s",
            processor: "server_cpu_us_per_socket",
            client: "client_cpu_us_per_socket"
        )
        let options = ["--sockets", "\(sizes.storm)", "--rounds", "2"]
        try await measure("storm", sizes.storm, shape, { _ in ("storm", options, []) }, report)
    }

    /// Two instances over PostgreSQL and Redis.
    private func across(_ report: (Figure) -> Void) async throws {
        try await ThrowAwayServices.run(in: directory) { services in
            let settings = [
                "PARLEY_STORE": services.postgresURL, "PARLEY_REDIS": "redis://127.0.0.1:\(services.redisPort)/0",
            ]
            var lines: [String: [LoadFigures]] = [:]
            for _ in 0..<rounds {
                let figures = try await LiveServer.running(.parley, in: directory, settings: settings) { here in
                    try await LiveServer.running(.parley, in: directory, settings: settings) { there in
                        let options = ["--other", there.url, "--pid", "\(there.process)", "--rounds", "100"]
                        return try await load("across", here, options)
                    }
                }
                for figure in figures { lines[figure.text("kind") ?? "", default: []].append(figure) }
            }
            let processor = Self.median(lines["all"] ?? [], "server_cpu_us_per_event")
            let client = Self.median(lines["all"] ?? [], "client_cpu_us_per_event")
            for (kind, figures) in lines.sorted(by: { $0.key < $1.key }) where kind != "all" {
                report(
                    Figure(
                        name: kind,
                        value: Self.median(figures, "p50_ms"),
                        unit: "ms",
                        p50: Self.median(figures, "p50_ms"),
                        p99: Self.median(figures, "p99_ms"),
                        ceiling: .nan,
                        ratio: .nan,
                        serverMicroseconds: processor,
                        ceilingMicroseconds: .nan,
                        generatorMicroseconds: client
                    )
                )
            }
        }
    }

    /// Measures Parley, the bare server and NATS in turn; reports Parley beside each of the others.
    ///
    /// `plan` gives a scenario of `parley-load` with its options for each kind, or `nil` where there is none.
    private func measure(
        _ name: String,
        _ size: Int,
        _ shape: Shape,
        _ plan: (LiveServer.Kind) -> (scenario: String, options: [String], more: [String])?,
        _ report: (Figure) -> Void
    ) async throws {
        var results: Rounds = [:]
        let kinds: [LiveServer.Kind] = LiveServer.hasNATS ? [.parley, .bare, .nats] : [.parley, .bare]
        for _ in 0..<rounds {
            for kind in kinds {
                guard let (scenario, options, more) = plan(kind) else { continue }
                let figures = try await LiveServer.running(kind, in: directory) { server in
                    try await load(scenario, server, options + more)
                }
                if let last = figures.last { results[kind, default: []].append(last) }
            }
        }
        report(figure("\(name).\(size)", shape, results[.parley] ?? [], results[.bare] ?? []))
        if let nats = results[.nats] { report(figure("\(name)-nats.\(size)", shape, results[.parley] ?? [], nats)) }
    }

    private func figure(_ name: String, _ shape: Shape, _ parley: [LoadFigures], _ other: [LoadFigures]) -> Figure {
        Figure(
            name: name,
            value: Self.median(parley, shape.value),
            unit: shape.unit,
            p50: Self.median(parley, shape.p50),
            p99: Self.median(parley, shape.p99),
            ceiling: Self.median(other, shape.value),
            ratio: Self.median(zip(parley, other).map { $0[shape.value] / $1[shape.value] }),
            serverMicroseconds: Self.median(parley, shape.processor),
            ceilingMicroseconds: Self.median(other, shape.processor),
            generatorMicroseconds: Self.median(parley, shape.client)
        )
    }

    private static func median(_ figures: [LoadFigures], _ name: String) -> Double {
        median(figures.map { $0[name] })
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
