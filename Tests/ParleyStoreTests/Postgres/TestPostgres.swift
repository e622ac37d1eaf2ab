import Foundation
import LibPQ

/// A real PostgreSQL server, which goes when this process does.
final class TestPostgres: Sendable {
    struct Failure: Error {}

    private let base: String
    // The script ends the server when this ends.
    private let input: Pipe

    /// Starts one on a free port.
    init() async throws {
        let script = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "scripts/postgres")
        let temporary = FileManager.default.temporaryDirectory
        let directory = temporary.appending(path: "parley-postgres-\(UUID().uuidString.lowercased())").path
        let (input, output) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = script
        process.arguments = ["hold", directory]
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": temporary.path]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = await withCheckedContinuation { continuation in
            let handle = output.fileHandleForReading
            Thread.detachNewThread {
                // One line, written at once; nothing where the server didn't start.
                continuation.resume(returning: String(decoding: handle.availableData, as: UTF8.self))
            }
        }
        let end = "/postgres"
        let url = line.trimmingCharacters(in: .newlines)
        guard url.hasPrefix("postgres://"), url.hasSuffix(end) else { throw Failure() }
        base = String(url.dropLast(end.count))
        self.input = input
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
