import Foundation
import LibPQ
import Logging
import ParleyCore
import ParleyTesting

@testable import ParleyPostgres

/// A real PostgreSQL server, durable unless told otherwise, that a test may have for itself and stop at any time.
final class OwnPostgres: Sendable {
    struct Failure: Error {
        let what: String
    }

    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "scripts/postgres").path

    private let base: String
    private let directory: String
    /// The script, which ends the server when its input ends.
    private let keeper: StartedProgram

    /// Starts a server for as long as the body takes.
    static func with<Value>(_ body: (OwnPostgres) async throws -> Value) async throws -> Value {
        let server = try await OwnPostgres()
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        server.keeper.closeInput()
        _ = await server.keeper.ending()
        return try result.get()
    }

    private static let starting = Task { try await OwnPostgres() }

    /// Lends the one server of the tests that don't stop it; it goes when this process does.
    static func sharing<Value>(_ body: (OwnPostgres) async throws -> Value) async throws -> Value {
        try await body(starting.value)
    }

    private init() async throws {
        let temporary = FileManager.default.temporaryDirectory
        let directory = temporary.appending(path: "parley-own-\(UUID().uuidString.lowercased())").path
        self.directory = directory
        keeper = try await FewAtATime.servers.run {
            let keeper = try StartedProgram(Self.script, ["hold", directory])
            _ = await keeper.firstLine()
            return keeper
        }
        let line = await keeper.firstLine()
        let url = line.trimmingCharacters(in: .newlines)
        guard url.hasSuffix("/postgres") else { throw Failure(what: "PostgreSQL did not start") }
        base = String(url.dropLast("/postgres".count))
    }

    /// What the server writes down.
    var log: URL { URL(filePath: directory + "/server.log") }

    /// How to reach a database, without TLS.
    func url(of database: String = "postgres") -> String { "\(base)/\(database)?sslmode=disable" }

    /// How to reach a database as somebody else.
    func url(of database: String, as role: String, password: String) -> String {
        let address = base.split(separator: "@").last ?? ""
        return "postgres://\(role):\(password)@\(address)/\(database)?sslmode=disable"
    }

    /// Stops it as if the power had gone, and keeps its data.
    func stop() async throws { try await run("stop") }

    /// Starts it again at the same address.
    func start() async throws { try await run("start") }

    /// Connects for as long as the body takes.
    func withConnection<Value>(
        to database: String = "postgres",
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
    func execute(_ statements: [String], in database: String = "postgres") async throws {
        try await withConnection(to: database) { connection in
            for statement in statements { _ = try await connection.query(statement) }
        }
    }

    /// Makes an empty database, and returns its name.
    func makeDatabase() async throws -> String {
        let name = "d" + UUID().uuidString.lowercased().replacing("-", with: "")
        try await execute(["CREATE DATABASE \(name)"])
        return name
    }

    /// What is usual, but nobody is refused because the machine is busy.
    func settings(_ database: String) -> PostgresStoreSettings {
        var settings = PostgresStoreSettings(url: url(of: database))
        settings.statementTimeout = .seconds(240)
        settings.acquireTimeout = .seconds(240)
        settings.connectTimeout = .seconds(120)
        return settings
    }

    /// Runs several stores on one database for as long as the body takes.
    func withStores(
        _ count: Int,
        on database: String,
        _ body: ([PostgresStore]) async throws -> Void
    ) async throws {
        var stores: [PostgresStore] = []
        for _ in 0..<count {
            let store = try await PostgresStore.open(settings(database), logger: .quiet)
            stores.append(store)
        }
        try await running(stores) { try await body(stores) }
    }

    private func run(_ verb: String) async throws {
        let ending = await (try StartedProgram(Self.script, [verb, directory])).ending()
        guard ending == .exit(0) else { throw Failure(what: "scripts/postgres \(verb) ended with \(ending)") }
    }
}

/// Runs stores for as long as the body takes, and sees that they end.
func running(_ stores: [PostgresStore], _ body: () async throws -> Void) async throws {
    async let run: Void = withTaskGroup { group in
        for store in stores { group.addTask { await store.run() } }
    }
    let result: Result<Void, any Error>
    do {
        result = .success(try await body())
    } catch {
        result = .failure(error)
    }
    for store in stores { store.close() }
    await run
    try result.get()
}
