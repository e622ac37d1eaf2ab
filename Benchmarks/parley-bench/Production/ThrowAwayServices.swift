import Foundation
import ParleyTesting

/// A real PostgreSQL, durable as it is by default, and a real Redis; both end with this process, and their data go.
struct ThrowAwayServices: Sendable {
    /// Why there is none.
    struct StartFailure: Error {
        let name: String
    }

    /// Without TLS, which on one machine would only take processor time of both sides of each comparison.
    let postgresURL: String
    let redisPort: Int
    private let postgres: Int32
    private let redis: Int32

    /// Runs both while `body` runs.
    ///
    /// The scripts are found from the repository's directory, where `make` runs.
    static func run(in directory: URL, _ body: (ThrowAwayServices) async throws -> Void) async throws {
        let data = directory.appending(path: "postgres-\(ProcessInfo.processInfo.processIdentifier)").path
        let postgres = try StartedProgram("scripts/postgres", ["hold", data])
        let redis = try StartedProgram("scripts/redis", ["serve"])
        let outcome: Result<Void, any Error>
        do {
            let services = try await ThrowAwayServices(
                postgres: postgres.firstLine(),
                directory: data,
                redis: redis.firstLine()
            )
            outcome = .success(try await body(services))
        } catch {
            outcome = .failure(error)
        }
        for program in [postgres, redis] {
            program.closeInput()
            _ = await program.ending()
        }
        try outcome.get()
    }

    private init(postgres url: String, directory: String, redis line: String) throws {
        guard url.hasPrefix("postgres://"),
            let file = try? String(contentsOfFile: directory + "/data/postmaster.pid", encoding: .utf8),
            let id = file.split(separator: "\n").first.flatMap({ Int32($0) })
        else { throw StartFailure(name: "PostgreSQL") }
        postgresURL = url + "?sslmode=disable"
        postgres = id
        let fields = line.split(separator: " ").map { $0.split(separator: "=") }
        func number(_ name: String) -> Int? {
            fields.first { $0.first.map(String.init) == name }?.last.flatMap { Int($0) }
        }
        guard let port = number("port"), let process = number("pid") else { throw StartFailure(name: "Redis") }
        redisPort = port
        redis = Int32(process)
    }

    /// Also counts what the servers have used in a round.
    func counting(_ round: () async throws -> LoadResult) async throws -> LoadResult {
        let before = (postgres: ProcessorTime.ofFamily(of: postgres), redis: ProcessorTime.ofFamily(of: redis))
        var result = try await round()
        result.servers["postgres"] = ProcessorTime.ofFamily(of: postgres) - before.postgres
        result.servers["redis"] = ProcessorTime.ofFamily(of: redis) - before.redis
        return result
    }
}
