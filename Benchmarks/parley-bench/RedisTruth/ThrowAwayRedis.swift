import Foundation
import Logging
import ParleyTesting
import RedisWire

/// A real Redis for a part of a run; it ends with that part, and its data go.
struct ThrowAwayRedis: Sendable {
    /// Why there is none.
    struct StartFailure: Error {
        let output: String
    }

    let port: Int
    let client: RedisClient

    /// Runs one with some options of `scripts/redis` while `body` runs.
    ///
    /// The script is found from the repository's directory, where `make` runs.
    static func run(
        _ options: [String],
        _ logger: Logger,
        _ body: @Sendable (ThrowAwayRedis) async throws -> Void
    ) async throws {
        let program = try StartedProgram("scripts/redis", ["serve"] + options)
        let line = await program.firstLine()
        let outcome: Result<Void, any Error>
        do {
            let port = line.split(separator: " ").first { $0.hasPrefix("port=") }.flatMap { Int($0.dropFirst(5)) }
            guard let port else { throw StartFailure(output: line) }
            var configuration = RedisConfiguration(
                url: RedisURL(target: .server(RedisEndpoint(host: "127.0.0.1", port: port)))
            )
            configuration.commandTimeout = .seconds(30)
            configuration.maxBytes = 64 * 1024 * 1024
            let client = try RedisClient(configuration, logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await client.run() }
                defer { group.cancelAll() }
                try await client.waitUntilConnected()
                try await body(ThrowAwayRedis(port: port, client: client))
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        program.closeInput()
        _ = await program.ending()
        try outcome.get()
    }
}
