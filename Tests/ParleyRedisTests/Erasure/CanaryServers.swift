import Foundation
import LibPQ
import Logging
import NIOCore
import ParleyTesting
import RedisWire

/// A PostgreSQL whose log's files go when they are not needed any more, for one test.
struct CanaryPostgres: Sendable {
    struct Failure: Error {}

    let directory: String
    let url: String

    /// Starts one for the time of `body`.
    static func with<Value>(_ body: (CanaryPostgres) async throws -> Value) async throws -> Value {
        let name = "parley-canary-\(UUID().uuidString)"
        let directory = FileManager.default.temporaryDirectory.appending(path: name).path
        let script = CanaryRedis.root.appending(path: "scripts/postgres").path
        let keeper = try await FewAtATime.servers.run {
            let keeper = try StartedProgram(script, ["hold", directory])
            _ = await keeper.firstLine()
            return keeper
        }
        let result: Result<Value, any Error>
        do {
            let url = await keeper.firstLine().trimmingCharacters(in: .newlines)
            guard url.hasPrefix("postgres://") else { throw Failure() }
            let server = CanaryPostgres(directory: directory, url: url + "?sslmode=disable")
            // What an operator sets who wants what is erased to be gone from the log's files at once.
            try await server.execute("ALTER SYSTEM SET wal_recycle = off")
            try await server.execute("SELECT pg_reload_conf()")
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        keeper.closeInput()
        _ = await keeper.ending()
        return try result.get()
    }

    /// Executes a statement by itself.
    func execute(_ statement: String) async throws {
        var settings = PostgresSettings(url: url)
        settings.connectTimeout = .seconds(120)
        settings.statementTimeout = .seconds(240)
        let connection = try await PostgresConnection.open(settings)
        defer { connection.close() }
        _ = try await connection.query(statement)
    }
}

/// A Redis that keeps what is written in both of its kinds of files, for one test.
struct CanaryRedis: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let directory: String
    let client: RedisClient

    /// Starts one for the time of `body`, which runs the client.
    static func with<Value>(_ body: (CanaryRedis) async throws -> Value) async throws -> Value {
        let script = root.appending(path: "scripts/redis").path
        let keeper = try await FewAtATime.servers.run {
            // Redis compresses what is long in its files; words are to be found there as they are.
            let keeper = try StartedProgram(script, ["serve", "--appendonly", "--set", "rdbcompression", "no"])
            _ = await keeper.firstLine()
            return keeper
        }
        let result: Result<Value, any Error>
        do {
            var fields: [Substring: Substring] = [:]
            for word in await keeper.firstLine().split(whereSeparator: \.isWhitespace) {
                let parts = word.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { fields[parts[0]] = parts[1] }
            }
            guard let port = fields["port"].flatMap({ Int($0) }), let directory = fields["directory"] else {
                throw Failure(description: "scripts/redis did not say where it is")
            }
            let endpoint = RedisEndpoint(host: "127.0.0.1", port: port)
            var configuration = RedisConfiguration(url: RedisURL(target: .server(endpoint)))
            configuration.connectTimeout = .seconds(20)
            configuration.commandTimeout = .seconds(20)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let client = try RedisClient(configuration, logger: logger)
            result = .success(try await body(CanaryRedis(directory: String(directory), client: client)))
        } catch {
            result = .failure(error)
        }
        keeper.closeInput()
        _ = await keeper.ending()
        return try result.get()
    }

    /// Writes both files anew.
    func save() async throws {
        _ = try await client.send(["SAVE"])
        _ = try await client.send(["BGREWRITEAOF"])
        // Redis says only in answers when it is through.
        while try await !isRewritten() { try await Task.sleep(for: .milliseconds(20)) }
    }

    private func isRewritten() async throws -> Bool {
        let reply = try await client.send(["INFO", "persistence"])
        let text = reply.string ?? ""
        guard !text.contains("aof_last_bgrewrite_status:err") else { throw Failure(description: text) }
        return text.contains("aof_rewrite_in_progress:0") && text.contains("aof_rewrite_scheduled:0")
    }

    /// What the files hold.
    func files() throws -> FileScan { try FileScan.directory(directory) }

    /// What the memory holds: every key and its value, as it would be in a file.
    func keys() async throws -> FileScan {
        var scan = FileScan()
        for key in try await client.send(["KEYS", "*"]).elements {
            guard let name = key.string else { continue }
            scan.look(at: Array(name.utf8), in: "a key")
            // A key that goes while it is looked at holds nothing any more.
            if let buffer = try await client.send(["DUMP", .string(name)]).buffer {
                scan.look(at: Array(buffer.readableBytesView), in: name)
            }
        }
        return scan
    }
}
