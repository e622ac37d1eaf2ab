import Foundation
import LibPQ
import ParleyTesting

/// A real PostgreSQL server, which goes when this process does.
final class TestPostgres: Sendable {
    struct Failure: Error {}

    private let base: String
    /// The script, which ends the server when its input ends.
    private let keeper: StartedProgram

    /// Starts one on a free port.
    init() async throws {
        let script = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "scripts/postgres").path
        let temporary = FileManager.default.temporaryDirectory
        let directory = temporary.appending(path: "parley-postgres-\(UUID().uuidString.lowercased())").path
        keeper = try await FewAtATime.servers.run {
            let keeper = try StartedProgram(script, ["hold", directory])
            _ = await keeper.firstLine()
            return keeper
        }
        let line = await keeper.firstLine()
        let end = "/postgres"
        let url = line.trimmingCharacters(in: .newlines)
        guard url.hasPrefix("postgres://"), url.hasSuffix(end) else { throw Failure() }
        base = String(url.dropLast(end.count))
        // What the tests say is not about the disk, and there are many of them.
        try await execute(["ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"], in: "postgres")
    }

    /// How to reach a database, without TLS.
    func url(of database: String) -> String { "\(base)/\(database)?sslmode=disable" }

    /// Connects for as long as the body takes.
    func withConnection<Value>(
        to database: String,
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        var settings = PostgresSettings(url: url(of: database))
        settings.connectTimeout = .seconds(120)
        settings.statementTimeout = .seconds(240)
        let connection = try await PostgresConnection.open(settings)
        defer { connection.close() }
        return try await body(connection)
    }

    /// Executes statements, each by itself.
    func execute(_ statements: [String], in database: String) async throws {
        try await withConnection(to: database) { connection in
            for statement in statements { _ = try await connection.query(statement) }
        }
    }
}
