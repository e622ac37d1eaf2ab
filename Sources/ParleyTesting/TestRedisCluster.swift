import Foundation
import Synchronization

/// A real Redis Cluster of three masters on loopback, started through `scripts/redis`; it goes with the process of the tests.
public final class TestRedisCluster: Sendable {
    /// It, or a node of it, could not be started; the script has said why.
    public struct StartFailure: Error, CustomStringConvertible {
        /// What the script said.
        public let description: String
    }

    /// The nodes' ports: the first third of the slots is the first one's, and so on.
    public let ports: [Int]
    private let directory: String
    private let processIDs: Mutex<[Int32]>
    /// The script, which ends the nodes when its input ends.
    private let keeper: StartedProgram

    /// The cluster of all tests of the process that neither stop a node nor move slots.
    public static func shared() async throws -> TestRedisCluster {
        try await theShared.value
    }

    // Whoever asks first may go before the others have asked.
    private static let theShared = Task { try await start([]) }

    /// Starts a cluster of the test's own, and ends it afterwards.
    ///
    /// - Parameters:
    ///   - options: Options of `scripts/redis` for each node.
    ///   - body: Uses it.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or a ``StartFailure``.
    public static func with<Value>(
        _ options: [String] = [],
        _ body: (TestRedisCluster) async throws -> Value
    ) async throws -> Value {
        let cluster = try await start(options)
        do {
            let value = try await body(cluster)
            await cluster.end()
            return value
        } catch {
            await cluster.end()
            throw error
        }
    }

    private static func start(_ options: [String]) async throws -> TestRedisCluster {
        try await FewAtATime.servers.run { try await TestRedisCluster(options) }
    }

    private init(_ options: [String]) async throws {
        keeper = try StartedProgram(Self.script, ["serve", "--cluster", "3"] + options)
        let line = await keeper.firstLine()
        let fields = Self.fields(line)
        ports = Self.numbers(fields["ports"]).map(Int.init)
        processIDs = Mutex(Self.numbers(fields["pids"]))
        guard ports.count == 3, let directory = fields["directory"] else {
            throw StartFailure(description: "scripts/redis said: \(line)")
        }
        self.directory = String(directory)
    }

    /// Sends a node a signal.
    public func signal(_ number: Int32, node index: Int) {
        kill(processIDs.withLock { $0[index] }, number)
    }

    /// Starts a node again that has been killed, with what it has kept.
    public func restart(node index: Int) async throws {
        let program = try StartedProgram(Self.script, ["again", "\(directory)/node-\(index + 1)"])
        let line = await program.firstLine()
        _ = await program.ending()
        guard let id = Self.numbers(Self.fields(line)["pid"]).first else {
            throw StartFailure(description: "scripts/redis said: \(line)")
        }
        processIDs.withLock { $0[index] = id }
    }

    /// Ends all nodes, and waits until their ports are free.
    public func end() async {
        keeper.closeInput()
        _ = await keeper.ending()
    }

    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/redis").path

    private static func fields(_ line: String) -> [Substring: Substring] {
        let pairs = line.split(whereSeparator: \.isWhitespace).map { $0.split(separator: "=", maxSplits: 1) }
        return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { $1 }
    }

    private static func numbers(_ list: Substring?) -> [Int32] {
        (list ?? "").split(separator: ",").compactMap { Int32($0) }
    }
}
