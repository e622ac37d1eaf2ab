import Foundation
import Logging
import ParleyCore
import ParleyStore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

/// A real Redis for the tests of the cache, started through `scripts/redis`; it goes with the process of the tests.
final class CacheRedis: Sendable {
    /// It could not be started; the script has said why.
    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int
    let processID: Int32
    /// The script, which ends the server when its input ends.
    private let keeper: StartedProgram

    /// Starts a server, and ends it afterwards.
    static func with<R>(_ options: [String] = [], _ body: (CacheRedis) async throws -> R) async throws -> R {
        let server = try await FewAtATime.servers.run { try await CacheRedis(options) }
        do {
            let value = try await body(server)
            await server.end()
            return value
        } catch {
            await server.end()
            throw error
        }
    }

    private init(_ options: [String]) async throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        keeper = try StartedProgram(root.appendingPathComponent("scripts/redis").path, ["serve"] + options)
        let line = await keeper.firstLine()
        var fields: [Substring: Substring] = [:]
        for word in line.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        guard let port = fields["port"].flatMap({ Int($0) }), let processID = fields["pid"].flatMap({ Int32($0) })
        else {
            throw StartFailure(description: "scripts/redis said: \(line)")
        }
        self.port = port
        self.processID = processID
    }

    /// Sends the server a signal.
    func signal(_ number: Int32) { kill(processID, number) }

    private func end() async {
        keeper.closeInput()
        _ = await keeper.ending()
    }

    /// Gives `body` a client that is connected; its deadlines are such that no busy machine misses them, unless told.
    func withClient<R: Sendable>(
        within timeout: Duration = .seconds(20),
        _ body: (RedisClient) async throws -> R
    ) async throws -> R {
        let url = RedisURL(target: .server(RedisEndpoint(host: "127.0.0.1", port: port)))
        var configuration = RedisConfiguration(url: url)
        configuration.connectTimeout = .seconds(20)
        configuration.commandTimeout = timeout
        configuration.backoff = RedisBackoff(initial: .milliseconds(1), maximum: .milliseconds(20))
        let client = try RedisClient(configuration, logger: Logger(label: "test"))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            defer { group.cancelAll() }
            try await client.waitUntilConnected()
            return try await body(client)
        }
    }
}

extension RedisClient {
    /// A list's elements; none where there is no list.
    func list(_ key: String) async throws -> [[UInt8]] {
        try await send(["LRANGE", .string(key), 0, -1]).elements.map { $0.withText { Array($0) } }
    }
}
