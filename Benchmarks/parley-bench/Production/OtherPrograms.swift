import Foundation
import ParleyTesting

/// The benchmark that comes with PostgreSQL.
struct Pgbench: Sendable {
    let url: String
    /// Where scripts are kept.
    let directory: URL

    /// Writes a script.
    func script(_ name: String, _ text: String) throws -> String {
        let file = directory.appending(path: name + ".pgbench")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    /// Executes scripts, chosen at random, by prepared statements that are planned as Parley's are.
    func run(
        _ scripts: [String],
        callers: Int,
        for duration: Duration,
        variables: [String: String] = [:]
    ) async throws -> LoadResult {
        // It counts the time to connect as part of the duration, and not as part of the rate.
        let seconds = max(1, Int((duration / .seconds(1)).rounded())) + 1
        let words =
            ["-n", "-M", "prepared", "-c", "\(callers)", "-j", "\(min(callers, 2))", "-T", "\(seconds)"]
            + variables.flatMap { ["-D", "\($0)=\($1)"] } + scripts.flatMap { ["-f", $0] } + [url]
        var environment = StartedProgram.plainEnvironment
        environment["PGOPTIONS"] = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off"
        let line = try await ProgramRun.lastLine(
            "/usr/lib/postgresql/15/bin/pgbench \"$@\" 2>&1 | grep -E '^tps|rror|FATAL' | head -n 1",
            words,
            environment: environment
        )
        guard let rate = line.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }) else {
            throw ProgramRun.Failure(output: line)
        }
        return ProgramRun.result(perSecond: rate, for: .seconds(seconds))
    }
}

/// The benchmark that comes with Redis.
struct RedisBenchmark: Sendable {
    let port: Int

    /// Sends a command on one connection, `callers` at a time without waiting for the answers; `count` times.
    ///
    /// With `random`, `__rand_int__` in it is a number below that, of twelve digits and another each time; it may be no larger
    /// than 32 bits hold.
    func run(_ command: [String], callers: Int, count: Int, random: Int? = nil) async throws -> LoadResult {
        let range = random.map { ["-r", "\($0)"] } ?? []
        let words = ["-p", "\(port)", "-c", "1", "-P", "\(callers)", "-n", "\(count)", "--csv"] + range + command
        let line = try await ProgramRun.lastLine("redis-benchmark \"$@\" | tail -n 1", words)
        guard let rate = line.split(separator: "\",\"").dropFirst().first.flatMap({ Double($0) }) else {
            throw ProgramRun.Failure(output: line)
        }
        return ProgramRun.result(perSecond: rate, for: .seconds(Double(count) / rate))
    }
}

private enum ProgramRun {
    /// It says something else than how fast it was.
    struct Failure: Error {
        let output: String
    }

    static func lastLine(
        _ command: String,
        _ words: [String],
        environment: [String: String] = StartedProgram.plainEnvironment
    ) async throws -> String {
        let program = try StartedProgram("/bin/sh", ["-c", command, "sh"] + words, environment: environment)
        let line = await program.firstLine()
        _ = await program.ending()
        return line
    }

    static func result(perSecond: Double, for duration: Duration) -> LoadResult {
        var result = LoadResult()
        result.elapsed = duration
        result.count = Int(perSecond * (duration / .seconds(1)))
        return result
    }
}
