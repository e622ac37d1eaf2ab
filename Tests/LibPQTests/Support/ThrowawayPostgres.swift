import Foundation
import LibPQ
import ParleyTesting

/// A real PostgreSQL server with data of its own, which go with it, also where the tests end without a word.
final class ThrowawayPostgres: Sendable {
    /// The server of the tests that are content with one that is never stopped.
    @TaskLocal static var shared: ThrowawayPostgres?

    struct Failure: Error {
        let what: String
    }

    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/postgres").path

    let url: String
    private let directory: String
    /// The script, which ends the server when its input ends.
    private let keeper: StartedProgram

    /// Starts a server for as long as the body takes; a standby where it is told of whom.
    static func with<Value>(
        standbyOf primary: ThrowawayPostgres? = nil,
        _ body: (ThrowawayPostgres) async throws -> Value
    ) async throws -> Value {
        let server = try await FewAtATime.servers.run { try await ThrowawayPostgres(standbyOf: primary) }
        do {
            let value = try await body(server)
            await server.end()
            return value
        } catch {
            await server.end()
            throw error
        }
    }

    private init(standbyOf primary: ThrowawayPostgres?) async throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("libpq-\(UUID().uuidString)").path
        keeper = try StartedProgram(Self.script, ["hold", directory] + (primary.map { [$0.directory] } ?? []))
        url = await keeper.firstLine()
        guard url.hasPrefix("postgres://") else { throw Failure(what: "PostgreSQL did not start") }
    }

    /// The certificate that its own is signed with.
    var rootCertificate: String { directory + "/root.crt" }

    /// Stops it as if the power had gone, and keeps its data.
    func stop() async throws { try await run("stop") }

    /// Starts it again at the same address.
    func start() async throws { try await run("start") }

    /// Stops all of its processes where they are; they keep what they have, and answer nothing.
    func pause() async throws { try await run("pause") }

    /// Lets them go on.
    func resume() async throws { try await run("resume") }

    /// Makes a standby a server of its own.
    func promote() async throws { try await run("promote") }

    private func run(_ verb: String) async throws {
        let ending = await (try StartedProgram(Self.script, [verb, directory])).ending()
        guard ending == .exit(0) else { throw Failure(what: "scripts/postgres \(verb) ended with \(ending)") }
    }

    private func end() async {
        keeper.closeInput()
        _ = await keeper.ending()
    }
}
