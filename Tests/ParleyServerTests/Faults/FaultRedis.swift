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
    private let running: Mutex<(keeper: StartedProgram, process: Int32)>

    static func start() async throws -> FaultRedis {
        let (keeper, fields) = try await run([])
        guard let port = fields["port"], let process = fields["pid"] else { throw Failure(what: "It did not start.") }
        return FaultRedis(port: port, keeper, Int32(process))
    }

    private init(port: Int, _ keeper: StartedProgram, _ process: Int32) {
        self.port = port
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

    /// Starts it again at the same port, empty.
    func startAgain() async throws {
        let (keeper, fields) = try await Self.run(["--port", "\(port)"])
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
