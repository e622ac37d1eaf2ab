import Foundation
import Logging
import ParleyCore
import ParleyTesting
import Synchronization

@testable import RedisWire

/// A real Redis with a test's old data, and what may go wrong with it.
struct MigrationRedis: RedisCommanding {
    /// What happens with a command before it is sent.
    typealias Hook = @Sendable (_ name: String, _ number: Int) async throws(RedisError) -> Void

    let client: RedisClient
    private let hook: Hook
    private let count = Counter()

    private final class Counter: Sendable {
        let value = Mutex(0)
    }

    private init(_ client: RedisClient, hook: @escaping Hook) {
        self.client = client
        self.hook = hook
    }

    /// Starts a server for the time of `body`.
    static func with(_ body: (MigrationRedis) async throws -> Void) async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let script = root.appendingPathComponent("scripts/redis").path
        let keeper = try await FewAtATime.servers.run {
            let keeper = try StartedProgram(script, ["serve"])
            _ = await keeper.firstLine()
            return keeper
        }
        let line = await keeper.firstLine()
        let port = line.split(separator: " ").first { $0.hasPrefix("port=") }?.dropFirst(5)
        guard let port, let number = Int(port) else { throw StartFailure(line: line) }
        let endpoint = RedisEndpoint(host: "127.0.0.1", port: number)
        var configuration = RedisConfiguration(url: RedisURL(target: .server(endpoint)))
        configuration.connectTimeout = .seconds(20)
        configuration.commandTimeout = .seconds(20)
        configuration.maxBytes = 1 << 30
        let client = try RedisClient(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await client.run() }
                defer { group.cancelAll() }
                try await client.waitUntilConnected()
                try await body(MigrationRedis(client) { _, _ in })
            }
        } catch {
            keeper.closeInput()
            throw error
        }
        keeper.closeInput()
        _ = await keeper.ending()
    }

    private struct StartFailure: Error { let line: String }

    /// The same Redis, with something that happens before each command.
    func hooked(_ hook: @escaping Hook) -> MigrationRedis { MigrationRedis(client, hook: hook) }

    /// The same Redis, which fails at the command of this number and from then on.
    func failing(at number: Int) -> MigrationRedis {
        hooked { _, count throws(RedisError) in
            if count >= number { throw RedisError(.connectionLost, "It is gone.") }
        }
    }

    func send(_ command: RedisCommand, within timeout: Duration?) async throws(RedisError) -> RedisReply {
        try await hook(command.arguments.first.map { "\($0)" } ?? "", next())
        return try await client.send(command, within: timeout)
    }

    func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument],
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        try await hook("EVALSHA", next())
        return try await client.run(script, keys: keys, arguments: arguments, within: timeout)
    }

    private func next() -> Int {
        count.value.withLock { value in
            value += 1
            return value
        }
    }

    @discardableResult
    func call(_ words: String...) async throws -> RedisReply {
        try await client.send(RedisCommand(words.map(RedisArgument.string)))
    }

    func set(_ key: String, _ value: JSON) async throws {
        try await call("SET", key, String(decoding: value.serialized, as: UTF8.self))
    }

    /// Every key with what Redis writes down for it, and whether it ends.
    func dumps() async throws -> [[UInt8]: [UInt8]] {
        var dumps: [[UInt8]: [UInt8]] = [:]
        for key in try await call("KEYS", "*").elements {
            let name = key.withText { Array($0) }
            let payload = try await client.send(["DUMP", .bytes(name)]).withText { Array($0) }
            let ends = try await client.send(["PTTL", .bytes(name)]).integer ?? -1
            dumps[name] = payload + (ends < 0 ? [0] : [1])
        }
        return dumps
    }
}
