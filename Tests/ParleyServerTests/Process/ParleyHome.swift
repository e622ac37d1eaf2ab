import Foundation
import Testing

/// A directory of its own for one test, in which the real `parley` runs.
struct ParleyHome: Sendable {
    /// The directory; the database and all else that `parley` makes goes here.
    let directory: URL

    /// What `parley` finds in its environment beside what a test gives.
    private static let environment = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"]

    /// Runs a test in a new directory, and removes it, also on failure.
    static func with<Result>(_ test: (ParleyHome) async throws -> Result) async throws -> Result {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("parley-test-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer {
            // What can't be removed stays in the system's directory for such things.
            try? FileManager.default.removeItem(at: directory)
        }
        return try await test(ParleyHome(directory: directory))
    }

    /// The program, which the build puts beside the test bundle.
    static var program: URL {
        get throws {
            let beside = [Bundle.main.executableURL, URL(fileURLWithPath: CommandLine.arguments[0])]
                .compactMap { $0?.deletingLastPathComponent() }
            let folders = beside + beside.map { $0.deletingLastPathComponent() } + [Repository.url(".build/debug")]
            let programs = folders.map { $0.appendingPathComponent("parley") }
            return try #require(
                programs.first { FileManager.default.isExecutableFile(atPath: $0.path) },
                "There is no parley beside the tests; build it with swift build."
            )
        }
    }

    /// The path of a file in the directory.
    func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    /// Writes a file into the directory.
    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    }

    /// Reads a file of the directory; what is not UTF-8 is repaired.
    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: directory.appendingPathComponent(name)), as: UTF8.self)
    }

    /// Runs `parley` to its end.
    func run(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: String = ""
    ) async throws -> CommandResult {
        try await run(arguments, environment: environment, input: input)
    }

    /// Runs `parley` to its end.
    func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String = ""
    ) async throws -> CommandResult {
        let names = ["in", "out", "err"].map { "\(UUID().uuidString).\($0)" }
        try write(input, to: names[0])
        let process = try start(
            arguments,
            environment: environment,
            input: try FileHandle(forReadingFrom: directory.appendingPathComponent(names[0])),
            output: try newFile(names[1]),
            errors: try newFile(names[2])
        )
        let ending = await withTaskCancellationHandler {
            await process.ending()
        } onCancel: {
            process.send(SIGKILL)
        }
        return CommandResult(ending: ending, output: try read(names[1]), errors: try read(names[2]))
    }

    /// Starts `parley`; who starts it must see it end.
    func start(
        _ arguments: [String],
        environment: [String: String],
        input: FileHandle = .nullDevice,
        output: FileHandle,
        errors: FileHandle
    ) throws -> ChildProcess {
        try ChildProcess(
            Self.program,
            arguments,
            in: directory,
            environment: Self.environment.merging(environment) { $1 },
            input: input,
            output: output,
            errors: errors
        )
    }

    /// Makes a file to be written by a program.
    func newFile(_ name: String) throws -> FileHandle {
        try write("", to: name)
        return try FileHandle(forWritingTo: directory.appendingPathComponent(name))
    }
}

/// What a command said, and how it ended.
struct CommandResult: Sendable {
    let ending: ChildProcess.Ending
    let output: String
    let errors: String

    /// The lines of standard error.
    var complaints: [String] { errors.split(separator: "\n").map(String.init) }
}
