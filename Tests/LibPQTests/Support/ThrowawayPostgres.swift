import Foundation
import LibPQ

/// A real PostgreSQL server with data of its own, which go with it, also where the tests end without a word.
final class ThrowawayPostgres: Sendable {
    /// The server of the tests that are content with one that is never stopped.
    @TaskLocal static var shared: ThrowawayPostgres?

    struct Failure: Error {
        let what: String
    }

    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/postgres")

    let url: String
    private let directory: String
    // The script ends the server when this ends.
    private let input: Pipe
    private let ended: Exit

    /// Starts a server for as long as the body takes.
    static func with<Value>(_ body: (ThrowawayPostgres) async throws -> Value) async throws -> Value {
        let server = try await ThrowawayPostgres()
        do {
            let value = try await body(server)
            await server.end()
            return value
        } catch {
            await server.end()
            throw error
        }
    }

    private init() async throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("libpq-\(UUID().uuidString)").path
        let output = Pipe()
        input = Pipe()
        ended = try Exit(of: Self.script, ["hold", directory], input: input, output: output)
        url = await withCheckedContinuation { continuation in
            let line = output.fileHandleForReading
            Thread.detachNewThread {
                // One line, written at once; nothing where the server didn't start.
                continuation.resume(returning: String(decoding: line.availableData, as: UTF8.self))
            }
        }.trimmingCharacters(in: .newlines)
        guard url.hasPrefix("postgres://") else { throw Failure(what: "PostgreSQL did not start") }
    }

    /// The certificate that its own is signed with.
    var rootCertificate: String { directory + "/root.crt" }

    /// Stops it as if the power had gone, and keeps its data.
    func stop() async throws { try await run("stop") }

    /// Starts it again at the same address.
    func start() async throws { try await run("start") }

    private func run(_ verb: String) async throws {
        let status = try await Exit(of: Self.script, [verb, directory], input: nil, output: nil).status()
        guard status == 0 else { throw Failure(what: "scripts/postgres \(verb) ended with \(status)") }
    }

    private func end() async {
        try? input.fileHandleForWriting.close()
        _ = await ended.status()
    }
}

/// The end of a program that was started, to be waited for once.
private final class Exit: Sendable {
    private let stream: AsyncStream<Int32>

    init(of program: URL, _ arguments: [String], input: Pipe?, output: Pipe?) throws {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        self.stream = stream
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = output ?? FileHandle.nullDevice
        process.terminationHandler = { process in
            continuation.yield(process.terminationStatus)
            continuation.finish()
        }
        try process.run()
    }

    func status() async -> Int32 {
        for await status in stream { return status }
        return -1
    }
}
