import ArgumentParser
import Logging
import ParleyCore

/// Measures a release build of Parley beside the ceiling that its HTTP server sets, in one process and one run.
///
/// Each figure stands beside a bare route of the same server that answers with the same bytes and does nothing else; beside
/// the model's server when it is asked without Parley; beside the bare check of a signature; or beside what PostgreSQL's
/// and Redis' own benchmarks do. Their rounds alternate, so
/// that both see the same minutes of a machine that others use too; the ratio is what to compare
/// between machines and days.
@main
struct ParleyBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley-bench",
        abstract: "Measure appends, reads, turns and the check of tokens, each beside its ceiling."
    )

    @Option(help: "How long a round lasts, in seconds.")
    var seconds = 2.0

    @Option(help: "How many rounds a figure is the median of.")
    var rounds = 3

    @Option(parsing: .upToNextOption, help: "How many callers there are at once, each on a connection of its own.")
    var callers = [1, 16, 64, 256]

    @Option(parsing: .upToNextOption, help: "How many replies of a model are written at once.")
    var replies = [1, 100, 500]

    @Option(
        parsing: .upToNextOption,
        help: "Measure only these: \(Subject.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var only = Subject.allCases

    @Option(help: "Where the database and latest.json are written; its disk is what durable appends wait for.")
    var directory = ".build/bench"

    @Flag(help: "With sockets: as many as one instance is meant to carry (500, 500 pairs, 10 000 idle, 5 000 at once).")
    var full = false

    @Flag(inversion: .prefixedNo, help: "Count requests and operations, as a server does by default.")
    var metrics = true

    func validate() throws {
        guard seconds > 0, rounds > 0, (callers + replies).allSatisfy({ 1...1000 ~= $0 }) else {
            throw ValidationError("--seconds and --rounds must be above 0, --callers and --replies from 1 to 1000.")
        }
    }

    func run() async throws {
        OpenFiles.allowAll()
        let logger = Logger(label: "parley-bench") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        let directory = try OutputDirectory(path: directory)
        defer { directory.removeDatabase() }
        var report = Report(seconds: seconds, rounds: rounds)
        let comparison = Comparison(generator: LoadGenerator(), duration: .seconds(seconds), rounds: rounds)
        print(Report.header)
        let workloads = only.compactMap(\.workload)
        if !workloads.isEmpty {
            let (callers, replies) = (callers, replies)
            try await Servers.run(
                callers: callers.max() ?? 1,
                database: directory.database,
                metrics: metrics,
                logger: logger
            ) {
                targets in
                for workload in workloads {
                    for callers in workload == .turns ? replies : callers {
                        for figure in try await comparison.measure(workload, callers: callers, targets) {
                            report.add(figure)
                        }
                    }
                }
            }
        }
        if only.contains(.tokens) {
            let tokens = try TokenBenchmark(comparison: comparison, keySetPath: directory.keySet, logger: logger)
            try await tokens.run { report.add($0) }
        }
        try await ProductionBenchmark.run(
            only.filter(\.isProduction),
            callers: callers,
            comparison: comparison,
            directory: directory.url,
            metrics: metrics,
            logger: logger
        ) { report.add($0) }
        let redisTruth = RedisTruthBenchmark(comparison: comparison, callers: callers, logger: logger)
        try await redisTruth.run(only) { report.add($0) }
        let live = LiveBenchmark(
            sizes: full ? .full : .usual,
            seconds: seconds,
            rounds: rounds,
            directory: directory.live
        )
        try await live.run(only.filter(\.isLive)) { report.add($0) }
        try await comparison.generator.shutdown()
        report.finish()
        print(report.footer)
        try directory.write(report.json)
    }
}

extension Subject: ExpressibleByArgument {}
