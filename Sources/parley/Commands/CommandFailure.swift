import ArgumentParser
import ParleyCore

/// How a command ends when it can't do its work, in the terms of `sysexits.h`.
enum CommandFailure {
    /// The configuration is wrong.
    static let configuration = ExitCode(78)
    /// A file, a port or a server that is needed can't be had.
    static let unavailable = ExitCode(69)
    /// What was given can't be used.
    static let data = ExitCode(65)

    /// Runs a command's work; what goes wrong is told on standard error in words, with an exit status to test for.
    static func reporting(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let error as InvalidSettings {
            for problem in error.problems { complain("\(problem)") }
            throw configuration
        } catch let error as ParleyError {
            complain(error.message)
            throw error.code == .unavailable || error.code == .internalError ? unavailable : data
        }
    }

    /// A line on standard error.
    static func complain(_ text: String) {
        StandardStream.error.write(Array("parley: \(text)\n".utf8))
    }
}
