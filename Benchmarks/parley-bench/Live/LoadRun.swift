import Foundation
import ParleyCore
import ParleyTesting

/// One line of figures that `parley-load` has printed.
struct LoadFigures: Sendable {
    private let object: JSON

    init(_ object: JSON) {
        self.object = object
    }

    /// A number; NaN where there is none.
    subscript(name: String) -> Double { object[name]?.doubleValue ?? .nan }

    /// A text.
    func text(_ name: String) -> String? { object[name]?.stringValue }
}

/// Runs `parley-load`.
struct LoadRun: Sendable {
    /// Why there are no figures; what it has said is on the standard error.
    struct Failure: Error {
        let arguments: [String]
    }

    let directory: URL

    /// Loads a server with a scenario.
    func callAsFunction(_ scenario: String, _ server: LiveServer, _ options: [String]) async throws -> [LoadFigures] {
        let output = directory.appending(path: "load-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: output) }
        let arguments =
            [scenario, "--url", server.url, "--target", server.kind.rawValue, "--pid", "\(server.process)"]
            + (server.kind == .parley ? ["--secret", LiveServer.secret] : []) + options
        let program = try StartedProgram(
            "/bin/sh",
            ["-c", "output=$1; shift; exec \"$0\" \"$@\" >\"$output\"", LiveProgram.path("parley-load"), output.path]
                + arguments
        )
        guard await program.ending() == .exit(0) else { throw Failure(arguments: arguments) }
        let lines = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
        return try lines.map { LoadFigures(try JSON(parsing: String($0))) }
    }
}
