import Foundation
import LibPQ
import ParleyTesting

/// A real PostgreSQL of the tests' own, durable, that they may do anything to.
final class FaultPostgres: Sendable {
    struct Failure: Error {
        let what: String
    }

    private static let script = Repository.url("scripts/postgres").path

    private let directory: String
    private let base: String
    /// The script, which ends the server when its input ends.
    private let keeper: StartedProgram

    /// Starts one; a standby where it is told of whom, which that one from then on waits for at each commit.
    static func start(standbyOf primary: FaultPostgres? = nil, in parent: URL? = nil) async throws -> FaultPostgres {
        try await FewAtATime.servers.run { try await FaultPostgres(standbyOf: primary, in: parent) }
    }

    private init(standbyOf primary: FaultPostgres?, in parent: URL?) async throws {
        directory =
            (parent ?? FileManager.default.temporaryDirectory)
            .appendingPathComponent("parley-fault-\(UUID().uuidString.lowercased())").path
        keeper = try StartedProgram(Self.script, ["hold", directory] + (primary.map { [$0.directory] } ?? []))
        let url = await keeper.firstLine()
        guard url.hasPrefix("postgres://"), url.hasSuffix("/postgres"), let at = url.lastIndex(of: "@") else {
            throw Failure(what: "PostgreSQL did not start: \(url)")
        }
        base = String(url[..<at])
        port = Int(url[url.index(after: at)...].dropLast("/postgres".count).split(separator: ":").last ?? "") ?? 0
    }

    let port: Int

    /// How to reach it, or links to it, without TLS.
    func url(through ports: [Int]? = nil, options: String = "") -> String {
        let hosts = (ports ?? [port]).map { "127.0.0.1:\($0)" }.joined(separator: ",")
        return "\(base)@\(hosts)/postgres?sslmode=disable\(options)"
    }

    /// How to connect past all links.
    private var settings: PostgresSettings {
        var settings = PostgresSettings(url: url())
        settings.connectTimeout = .seconds(60)
        settings.statementTimeout = .seconds(60)
        settings.applicationName = "the tests"
        // Also while nobody else may write.
        settings.parameters["default_transaction_read_only"] = "off"
        return settings
    }

    /// Connects, past all links.
    func connect() async throws -> PostgresConnection { try await PostgresConnection.open(settings) }

    /// Connects for as long as the body takes, past all links.
    func withConnection<Value>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
        let connection = try await connect()
        defer { connection.close() }
        return try await body(connection)
    }

    /// Executes a statement.
    func execute(_ statement: String) async throws {
        try await withConnection { _ = try await $0.query(statement) }
    }

    /// Kills all of its processes with SIGKILL, and waits until they are gone.
    func kill() async throws {
        let file = try String(contentsOfFile: directory + "/data/postmaster.pid", encoding: .utf8)
        guard let first = file.split(separator: "\n").first.flatMap({ Int32($0) }) else {
            throw Failure(what: "It does not run.")
        }
        let children = try String(contentsOfFile: "/proc/\(first)/task/\(first)/children", encoding: .utf8)
        let all = [first] + children.split(separator: " ").compactMap { Int32($0) }
        // The first one first, which starts the others.
        for process in all { Foundation.kill(process, SIGKILL) }
        for process in all { while Self.lives(process) { await Task.yield() } }
        // Where nobody asks for its end, its number stays taken, and PostgreSQL would believe that it still runs.
        try? FileManager.default.removeItem(atPath: directory + "/data/postmaster.pid")
    }

    /// Whether a process has not ended; one that nobody has asked for its end has.
    private static func lives(_ process: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return status.split(separator: ")").last?.first { $0 != " " } != "Z"
    }

    /// Starts it again at the same address.
    func startAgain() async throws { try await run("start") }
    /// Stops it as its own command does at once, and keeps its data.
    func stop() async throws { try await run("stop") }
    /// Stops all of its processes where they are.
    func pause() async throws { try await run("pause") }
    /// Lets them go on.
    func resume() async throws { try await run("resume") }
    /// Makes a standby a server of its own.
    func promote() async throws { try await run("promote") }

    private func run(_ verb: String) async throws {
        let ending = await (try StartedProgram(Self.script, [verb, directory])).ending()
        guard ending == .exit(0) else { throw Failure(what: "scripts/postgres \(verb) ended with \(ending)") }
    }

    /// Ends it, and removes its data.
    func end() async {
        keeper.closeInput()
        _ = await keeper.ending()
    }
}
