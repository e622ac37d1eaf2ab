import ArgumentParser
import Logging
import ParleyCore

/// Measures a release build of Parley beside the ceiling that its HTTP server sets, in one process and one run.
///
/// Each figure stands beside a bare route of the same server that answers with the same bytes and does nothing else. Their
/// rounds alternate, so that both see the same minutes of a machine that others use too; the ratio is what to compare
/// between machines and days.
@main
struct ParleyBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley-bench",
        abstract: "Measure appends and history reads beside a bare route that returns the same bytes."
    )

    @Option(help: "How long a round lasts, in seconds.")
    var seconds = 2.0

    @Option(help: "How many rounds a figure is the median of.")
    var rounds = 3

    @Option(parsing: .upToNextOption, help: "How many callers there are at once, each on a connection of its own.")
    var callers = [1, 16, 64]

    @Option(parsing: .upToNextOption, help: "Measure only these: appends, reads.")
    var only = Workload.allCases

    @Option(help: "Where the database and latest.json are written; its disk is what durable appends wait for.")
    var directory = ".build/bench"

    func validate() throws {
        guard seconds > 0, rounds > 0, callers.allSatisfy({ 1...1024 ~= $0 }) else {
            throw ValidationError("--seconds and --rounds must be above 0, --callers from 1 to 1024.")
        }
    }

    func run() async throws {
        let logger = Logger(label: "parley-bench") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        let directory = try OutputDirectory(path: directory)
        defer { directory.removeDatabase() }
        var report = Report(seconds: seconds, rounds: rounds)
        try await Servers.run(callers: callers.max() ?? 1, database: directory.database, logger: logger) { targets in
            let comparison = Comparison(generator: LoadGenerator(), duration: .seconds(seconds), rounds: rounds)
            print(Report.header)
            for workload in only {
                for callers in callers {
                    let figure = try await comparison.measure(workload, callers: callers, targets)
                    print(figure.line)
                    report.figures.append(figure)
                }
            }
            try await comparison.generator.shutdown()
        }
        report.finish()
        print(report.footer)
        try directory.write(report.json)
    }
}

extension Workload: ExpressibleByArgument {}
