import Foundation
import Logging
import ParleyCore
import ParleyStore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

extension StoreFactory.Product {
    /// A store with all that it is.
    static func of(
        _ store: RedisStore,
        cleanUp: @escaping @Sendable () async throws -> Void = {}
    ) -> Self {
        Self(store: store, accounts: store, queryLog: store, usage: store, cleanUp: cleanUp)
    }
}

extension StoreFactory {
    static let redis = StoreFactory(name: "RedisStore") { clock, ids in
        let databases = try await TestRedisDatabases.shared()
        let (number, client) = try await databases.take()
        // For as long as the product is used, which ends it.
        let running = Task { await client.run() }
        try await client.waitUntilConnected()
        let store = RedisStore(client, clock: clock, ids: ids, logger: .quiet, leasesGoByStoreClock: true)
        return .of(store) {
            let result = await Result.of { try await client.send(["FLUSHDB"], within: .seconds(60)) }
            running.cancel()
            await running.value
            await databases.giveBack(number)
            _ = try result.get()
        }
    }
}

/// Databases of one Redis, lent to one test at a time and emptied in between.
///
/// It keeps everything in memory alone: what of that is durable is a matter of its settings, not of the store.
actor TestRedisDatabases {
    private static let count = 12
    private static let starting = Task { try await TestRedisDatabases() }

    /// The databases of this process; the server is started by the first who asks.
    static func shared() async throws -> TestRedisDatabases { try await starting.value }

    /// It could not be started; the script has said why.
    struct StartFailure: Error {
        let line: String
    }

    nonisolated let port: Int
    /// The script, which ends the server when this process does.
    private let keeper: StartedProgram
    private var free = Array(0..<count)
    private var waiting: [CheckedContinuation<Int, Never>] = []

    private init() async throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let keeper = try await FewAtATime.servers.run {
            let keeper = try StartedProgram(root.appending(path: "scripts/redis").path, ["serve"])
            _ = await keeper.firstLine()
            return keeper
        }
        let line = await keeper.firstLine()
        let port = line.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("port=") }
            .flatMap { Int($0.dropFirst("port=".count)) }
        guard let port else { throw StartFailure(line: line) }
        self.port = port
        self.keeper = keeper
    }

    /// Lends an empty database, and a client of it that somebody has to run.
    func take() async throws -> (number: Int, client: RedisClient) {
        let number: Int
        if let last = free.popLast() {
            number = last
        } else {
            number = await withCheckedContinuation { waiting.append($0) }
        }
        return (number, try client(of: number))
    }

    /// Takes a database back.
    func giveBack(_ number: Int) {
        if waiting.isEmpty {
            free.append(number)
        } else {
            waiting.removeFirst().resume(returning: number)
        }
    }

    /// A client of a database, with patience: on a busy machine nothing but a test of it is to run out.
    nonisolated func client(of number: Int) throws -> RedisClient {
        let target = RedisURL.Target.server(RedisEndpoint(host: "127.0.0.1", port: port))
        var configuration = RedisConfiguration(url: RedisURL(target: target, database: number))
        configuration.connectTimeout = .seconds(60)
        configuration.commandTimeout = .seconds(240)
        configuration.maxBytes = 256 * 1024 * 1024
        configuration.limits.replyBytes = 256 * 1024 * 1024
        return try RedisClient(configuration, logger: .quiet)
    }
}

extension Result where Failure == any Error {
    fileprivate static func of(_ body: () async throws -> Success) async -> Self {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
