import Foundation
import ParleyAuth
import ParleyCore
import Testing

/// A `parley serve` that listens, in a process of its own.
struct RunningServer: Sendable {
    /// The process.
    let process: ChildProcess
    /// Where it listens, as it says itself: `http://127.0.0.1:54321`.
    let address: String
    /// The name of the file that holds what it logged.
    let logName: String

    private static let greeting = "Parley is listening on "

    /// The secret that the servers of these tests are given.
    static let secret = "a secret of at least thirty-two bytes"

    /// Runs a test against a server, which is gone afterwards, also on failure; it logs to a file, or where `log` says.
    static func with<Result>(
        in home: ParleyHome,
        options: [String] = [],
        environment: [String: String] = ["PARLEY_JWT_SECRET": secret],
        log: FileHandle? = nil,
        _ test: (RunningServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(in: home, options: options, environment: environment, log: log)
        do {
            let result = try await test(server)
            await server.process.remove()
            return result
        } catch {
            await server.process.remove()
            throw error
        }
    }

    /// The bearer token of a person.
    static func token(of identity: Identity) async throws -> String {
        let secret = HMACSecret(kid: nil, bytes: Array(secret.utf8))
        let identity = Identity(email: identity.email, department: identity.department ?? "tests")
        return try await TokenIssuer(secret: secret, settings: TokenSettings(keys: [secret]))
            .token(for: identity, lifetime: .seconds(3600))
    }

    /// Starts a server; who starts it must see it end.
    static func start(
        in home: ParleyHome,
        options: [String],
        environment: [String: String],
        log: FileHandle?
    ) async throws -> RunningServer {
        let logName = "\(UUID().uuidString).log"
        let pipe = Pipe()
        let process = try home.start(
            ["serve", "--http-port", "0", "--limits-rates", "off"] + options,
            environment: environment,
            output: pipe.fileHandleForWriting,
            errors: try log ?? home.newFile(logName)
        )
        // Else the pipe would not end with the process.
        try pipe.fileHandleForWriting.close()
        let line = await firstLine(of: pipe.fileHandleForReading)
        guard line.hasPrefix(greeting) else {
            await process.remove()
            throw NotListening(output: line, log: try home.read(logName))
        }
        return RunningServer(process: process, address: String(line.dropFirst(greeting.count)), logName: logName)
    }

    /// Waits for a whole line, or for the end.
    private static func firstLine(of output: FileHandle) async -> String {
        await withCheckedContinuation { continuation in
            // Reading blocks its thread, so it must not be one of the cooperative pool.
            DispatchQueue.global().async {
                var bytes = Data()
                while !bytes.contains(UInt8(ascii: "\n")) {
                    let more = output.availableData
                    if more.isEmpty { break }
                    bytes += more
                }
                let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
                continuation.resume(returning: String(decoding: line, as: UTF8.self))
            }
        }
    }
}

/// A server did not come to listen.
struct NotListening: Error, CustomStringConvertible {
    let output: String
    let log: String

    var description: String { "parley serve does not listen; it said \"\(output)\" and logged:\n\(log)" }
}
