import Foundation
import Logging
import ParleyTesting
import RedisWire
import Synchronization

/// A real Redis of the tests' own that they may do anything to.
final class FaultRedis: Sendable {
    struct Failure: Error {
        let what: String
    }

    private static let script = Repository.url("scripts/redis").path

    let port: Int
    private let options: [String]
    private let running: Mutex<(keeper: StartedProgram, process: Int32)>

    /// Starts one that keeps nothing; with a directory, one that keeps there all that it acknowledges.
    static func start(keepingIn directory: String? = nil) async throws -> FaultRedis {
        let options = directory.map { ["--appendonly", "--keep", $0] } ?? []
        let (keeper, fields) = try await run(options)
        guard let port = fields["port"], let process = fields["pid"] else { throw Failure(what: "It did not start.") }
        return FaultRedis(port: port, options, keeper, Int32(process))
    }

    private init(port: Int, _ options: [String], _ keeper: StartedProgram, _ process: Int32) {
        self.port = port
        self.options = options
        running = Mutex((keeper, process))
    }

    private static func run(_ options: [String]) async throws -> (StartedProgram, [Substring: Int]) {
        let keeper = try StartedProgram(script, ["serve"] + options)
        var fields: [Substring: Int] = [:]
        for word in await keeper.firstLine().split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = Int(parts[1]) }
        }
        return (keeper, fields)
    }

    func signal(_ number: Int32) { Foundation.kill(running.withLock(\.process), number) }

    /// Kills it with SIGKILL and waits until its port is free.
    func kill() async {
        signal(SIGKILL)
        await end()
    }

    /// How to reach it.
    var url: String { "redis://127.0.0.1:\(port)" }

    /// Starts it again at the same port, empty or with what it has kept.
    func startAgain() async throws {
        let (keeper, fields) = try await Self.run(options + ["--port", "\(port)"])
        guard let process = fields["pid"] else { throw Failure(what: "It did not start again.") }
        running.withLock { $0 = (keeper, Int32(process)) }
    }

    /// Ends it.
    func end() async {
        let keeper = running.withLock(\.keeper)
        keeper.closeInput()
        _ = await keeper.ending()
    }

    /// Connects for as long as the body takes, past all links.
    func withClient<Value: Sendable>(_ body: (RedisClient) async throws -> Value) async throws -> Value {
        var configuration = RedisConfiguration(
            url: RedisURL(target: .server(RedisEndpoint(host: "127.0.0.1", port: port)))
        )
        configuration.connectTimeout = .seconds(60)
        configuration.commandTimeout = .seconds(60)
        let client = try RedisClient(configuration, logger: Logger(label: "faults") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            defer { group.cancelAll() }
            try await client.waitUntilConnected()
            return try await body(client)
        }
    }

    /// Sends one command.
    func send(_ command: RedisCommand) async throws {
        try await withClient { _ = try await $0.send(command) }
    }
}
