import Foundation
import ParleyTesting
import RedisWire

/// A real Redis that a test has started through `scripts/redis`; it goes with the process of the tests.
final class RedisServer: Sendable {
    /// It could not be started; the script has said why.
    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int
    let tlsPort: Int
    let processID: Int32
    let directory: String
    /// The script, which ends the server when its input ends.
    private let keeper: StartedProgram

    /// The server of all tests that neither end nor stop theirs; with TLS.
    static func shared() async throws -> RedisServer {
        try await theShared.value
    }

    // Whoever asks first may go before the others have asked.
    private static let theShared = Task { try await start(["--tls"]) }

    /// Starts a server of the test's own, and ends it afterwards.
    static func with<R>(_ options: [String], _ body: (RedisServer) async throws -> R) async throws -> R {
        let server = try await start(options)
        do {
            let value = try await body(server)
            await server.end()
            return value
        } catch {
            await server.end()
            throw error
        }
    }

    private static func start(_ options: [String]) async throws -> RedisServer {
        try await FewAtATime.servers.run { try await RedisServer(options) }
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
        guard let port = fields["port"].flatMap({ Int($0) }), let tlsPort = fields["tls_port"].flatMap({ Int($0) }),
            let processID = fields["pid"].flatMap({ Int32($0) }), let directory = fields["directory"]
        else { throw StartFailure(description: "scripts/redis said: \(line)") }
        self.port = port
        self.tlsPort = tlsPort
        self.processID = processID
        self.directory = String(directory)
    }

    /// Sends the server a signal.
    func signal(_ number: Int32) { kill(processID, number) }

    /// Ends the server, and waits until its port is free.
    func end() async {
        keeper.closeInput()
        _ = await keeper.ending()
    }

    /// A configuration whose deadlines no busy machine misses.
    func configuration(_ change: (inout RedisURL) -> Void = { _ in }) -> RedisConfiguration {
        .patient(port: port, change)
    }
}

extension RedisConfiguration {
    /// A configuration whose deadlines no busy machine misses.
    static func patient(port: Int, _ change: (inout RedisURL) -> Void = { _ in }) -> RedisConfiguration {
        var url = RedisURL(target: .server(RedisEndpoint(host: "127.0.0.1", port: port)))
        change(&url)
        var configuration = RedisConfiguration(url: url)
        configuration.connectTimeout = .seconds(20)
        configuration.commandTimeout = .seconds(20)
        configuration.backoff = RedisBackoff(initial: .milliseconds(1), maximum: .milliseconds(20))
        return configuration
    }
}
