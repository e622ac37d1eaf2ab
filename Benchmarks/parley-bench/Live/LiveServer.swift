import Foundation
import ParleyCore
import ParleyTesting

/// A server in a process of its own, for as long as it is measured.
///
/// Fresh for each round: what one leaves in memory is not the next one's.
struct LiveServer: Sendable {
    /// What there is to be measured.
    enum Kind: String, Sendable {
        case parley, bare, nats
    }

    /// Why there is none.
    struct StartFailure: Error {
        let kind: Kind
        let output: String
    }

    /// Of at least 32 bytes, as Parley wants it; it guards nothing.
    static let secret = "a secret for measuring, known to all"
    /// Where Debian's package puts the server.
    private static let nats = "/usr/sbin/nats-server"

    let kind: Kind
    let url: String
    let process: Int32
    private let program: StartedProgram

    /// Whether a NATS server is installed.
    static var hasNATS: Bool { FileManager.default.isExecutableFile(atPath: nats) }

    /// Runs one while `body` loads it; `settings` are more of Parley's, as its environment has them.
    static func running(
        _ kind: Kind,
        in directory: URL,
        settings: [String: String] = [:],
        _ body: (LiveServer) async throws -> [LoadFigures]
    ) async throws -> [LoadFigures] {
        let server = try await LiveServer(kind, in: directory, settings: settings)
        let outcome: Result<[LoadFigures], any Error>
        do {
            outcome = .success(try await body(server))
        } catch {
            outcome = .failure(error)
        }
        server.program.send(SIGTERM)
        _ = await server.program.ending()
        return try outcome.get()
    }

    /// Starts one and waits until it listens.
    private init(_ kind: Kind, in directory: URL, settings: [String: String] = [:]) async throws {
        self.kind = kind
        switch kind {
        case .parley:
            var environment = StartedProgram.plainEnvironment
            environment["PARLEY_HTTP_PORT"] = "0"
            environment["PARLEY_JWT_SECRET"] = Self.secret
            environment["PARLEY_LIMITS_RATES"] = "off"
            environment["PARLEY_LOG_LEVEL"] = "warning"
            environment["PARLEY_STORE"] = "sqlite:\(directory.appending(path: "live-\(UUID()).db").path)"
            environment.merge(settings) { $1 }
            program = try StartedProgram(LiveProgram.path("parley"), ["serve"], environment: environment)
            // "Parley is listening on http://127.0.0.1:8080"
            url = await program.firstLine().split(separator: " ").last.map(String.init) ?? ""
        case .bare:
            program = try StartedProgram(LiveProgram.path("parley-load"), ["serve-bare"])
            url = await program.firstLine()
        case .nats:
            (program, url) = try await Self.startNATS(in: directory)
        }
        process = program.id
        guard url.hasPrefix("http://") else { throw StartFailure(kind: kind, output: url) }
    }

    private static func startNATS(in directory: URL) async throws -> (StartedProgram, String) {
        let state = directory.appending(path: "nats-\(UUID())", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
        let configuration = state.appending(path: "nats.conf")
        let text = """
            listen: "127.0.0.1:-1"
            ports_file_dir: "\(state.path)"
            websocket { listen: "127.0.0.1:-1", no_tls: true }
            """
        try Data(text.utf8).write(to: configuration)
        let program = try StartedProgram(
            "/bin/sh",
            ["-c", "exec \"$0\" -c \"$1\" 2>/dev/null", Self.nats, configuration.path]
        )
        // It says where it listens in a file, once it does.
        for _ in 0..<200 {
            let files = try FileManager.default.contentsOfDirectory(at: state, includingPropertiesForKeys: nil)
            if let file = files.first(where: { $0.pathExtension == "ports" }),
                let text = try? String(contentsOf: file, encoding: .utf8),
                let ports = try? JSON(parsing: text),
                let url = ports["websocket"]?.arrayValue?.first?.stringValue
            {
                return (program, url.replacing("ws://", with: "http://"))
            }
            // It writes its port to a file, and tells nobody when.
            try await Task.sleep(for: .milliseconds(50))
        }
        program.send(SIGTERM)
        throw StartFailure(kind: .nats, output: "it did not say where it listens")
    }
}

/// The programs beside this one.
enum LiveProgram {
    /// Where a program of the same build is.
    static func path(_ name: String) -> String {
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let directory = URL(fileURLWithPath: own ?? CommandLine.arguments[0]).deletingLastPathComponent()
        return directory.appending(path: name).path
    }
}
