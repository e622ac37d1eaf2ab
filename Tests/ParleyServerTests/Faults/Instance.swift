import Foundation
import Synchronization

/// One of several `parley serve` on the same database, which a test may kill and start again.
final class Instance: Sendable {
    private struct Gone: Error {}

    private let home: ParleyHome
    private let environment: [String: String]
    private let options: [String]
    private let running = Mutex<RunningServer?>(nil)

    init(in home: ParleyHome, store: String, redis: String?, options: [String] = []) {
        self.home = home
        self.options = ["--log-level", "warning"] + options
        var environment = ["PARLEY_JWT_SECRET": RunningServer.secret, "PARLEY_STORE": store]
        environment["PARLEY_REDIS"] = redis
        self.environment = environment
    }

    /// Where it listens; where it listened last, when it is dead.
    var address: String { running.withLock { $0?.address ?? "" } }

    /// The port where it listens, or listened last.
    var port: Int { address.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// Its number among the system's processes.
    var process: Int32 { running.withLock { $0?.process.id ?? 0 } }

    /// Starts it, at another port than before.
    func start() async throws {
        let server = try await RunningServer.start(in: home, options: options, environment: environment, log: nil)
        running.withLock { $0 = server }
    }

    func send(_ signal: Int32) { running.withLock { $0 }?.process.send(signal) }

    /// Waits for its end.
    func ending() async throws -> ChildProcess.Ending {
        guard let server = running.withLock({ $0 }) else { throw Gone() }
        return await server.process.ending()
    }

    /// What it has logged since it was started last.
    func log() throws -> String {
        guard let server = running.withLock({ $0 }) else { throw Gone() }
        return try home.read(server.logName)
    }

    /// Ends it by force.
    func remove() async {
        await running.withLock { $0 }?.process.remove()
    }
}
