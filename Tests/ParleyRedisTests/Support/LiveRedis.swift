import Foundation
import Logging
import ParleyTesting
import RedisWire
import Synchronization

/// A real Redis of a test's own that the test may end, stop and start again on the same port.
final class LiveRedis: Sendable {
    /// It could not be started; the script has said why.
    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    private struct Run {
        /// The script, which goes when its input ends.
        let keeper: StartedProgram
        let processID: Int32
    }

    let port: Int
    private let options: [String]
    private let run: Mutex<Run?>

    /// Starts a server with options of `scripts/redis` for the time of `body`.
    static func with<R>(_ options: [String] = [], _ body: (LiveRedis) async throws -> R) async throws -> R {
        let server = try await LiveRedis(options)
        do {
            let value = try await body(server)
            await server.kill()
            return value
        } catch {
            await server.kill()
            throw error
        }
    }

    private init(_ options: [String]) async throws {
        let (run, port) = try await Self.start(options)
        self.port = port
        self.options = options
        self.run = Mutex(run)
    }

    /// Sends the server a signal.
    func signal(_ number: Int32) {
        run.withLock { run in
            if let run { _ = Foundation.kill(run.processID, number) }
        }
    }

    /// Ends the server as `kill -9` does, and waits until its port is free.
    func kill() async {
        guard let run = run.withLock({ $0.take() }) else { return }
        _ = Foundation.kill(run.processID, SIGKILL)
        run.keeper.closeInput()
        _ = await run.keeper.ending()
    }

    /// Starts the server again after ``kill()``, empty but for what `--keep` has kept.
    func startAgain() async throws {
        let run = try await Self.start(options + ["--port", "\(port)"]).run
        self.run.withLock { $0 = run }
    }

    private static func start(_ options: [String]) async throws -> (run: Run, port: Int) {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let script = root.appendingPathComponent("scripts/redis").path
        let keeper = try await FewAtATime.servers.run {
            let keeper = try StartedProgram(script, ["serve"] + options)
            _ = await keeper.firstLine()
            return keeper
        }
        let line = await keeper.firstLine()
        var fields: [Substring: Int] = [:]
        for word in line.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = Int(parts[1]) }
        }
        guard let port = fields["port"], let processID = fields["pid"] else {
            throw StartFailure(description: "scripts/redis said: \(line)")
        }
        return (Run(keeper: keeper, processID: Int32(processID)), port)
    }

    /// Where it is.
    var url: RedisURL { RedisURL(target: .server(RedisEndpoint(host: "127.0.0.1", port: port))) }

    /// Gives `body` a client for as long as it runs.
    func withClient<R: Sendable>(_ body: (RedisClient) async throws -> R) async throws -> R {
        let client = try RedisClient(configuration(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            defer { group.cancelAll() }
            try await client.waitUntilConnected()
            return try await body(client)
        }
    }

    /// How to reach it, with deadlines that no busy machine misses unless `timeout` says otherwise.
    func configuration(timeout: Duration = .seconds(20)) -> RedisConfiguration {
        let endpoint = RedisEndpoint(host: "127.0.0.1", port: port)
        var configuration = RedisConfiguration(url: RedisURL(target: .server(endpoint)))
        configuration.connectTimeout = timeout
        configuration.commandTimeout = timeout
        configuration.backoff = RedisBackoff(initial: .milliseconds(1), maximum: .milliseconds(20))
        configuration.probeInterval = .milliseconds(20)
        configuration.checkInterval = .milliseconds(100)
        return configuration
    }
}
