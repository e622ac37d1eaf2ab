import ArgumentParser
import Foundation
import Logging
import ParleyCore
import ParleyStore

/// The command `parley copy`.
struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy all that one store holds into another.",
        discussion: """
            Conversations, projects, accounts and the query log go over as they are, ids, order and times included. It may \
            run while the server does, be stopped at any time and be started again: what is there already is not sent twice. \
            With the other store as the setting "mirror", what is written meanwhile goes there, too; "parley verify" then \
            tells whether both hold the same.
            """
    )

    @OptionGroup var places: TwoStores

    @Flag(
        help: """
            Make the second store exactly like the first: what is later or other there is written anew, and what only it has \
            is removed. Without it such things are left alone and listed, and the exit status is 1.
            """
    )
    var overwrite = false

    @Option(help: "How many conversations are copied at once.")
    var jobs = 4

    @Flag(help: "Print what was done as JSON.")
    var json = false

    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be between 1 and 64.") }
        try places.validate()
    }

    func run() async throws {
        try await CommandFailure.reporting {
            let line = ProgressLine()
            let start = ContinuousClock.now
            let done = try await places.open(options) { source, target in
                let replicator = Replicator(from: source, to: target, overwrites: overwrite)
                return try await Copying(replicator, width: jobs).run { progress in
                    line.show(done: progress.looked, of: progress.total, messages: progress.messages)
                }
            }
            line.end()
            tell(done, in: ContinuousClock.now - start)
            if done.refusedCount > 0 { throw ExitCode.failure }
        }
    }

    private func tell(_ done: Copying.Progress, in time: Duration) {
        for name in done.refused { CommandFailure.complain("left alone: \(name)") }
        guard !json else {
            let report: JSONObject = [
                "conversations": .number(JSONNumber(done.total)),
                "copied": .number(JSONNumber(done.conversations)), "messages": .number(JSONNumber(done.messages)),
                "projects": .number(JSONNumber(done.projects)), "people": .number(JSONNumber(done.people)),
                "removed": .number(JSONNumber(done.removed)), "left_alone": .number(JSONNumber(done.refusedCount)),
                "differences": .array(done.refused.map(JSON.string)),
            ]
            return print(JSON.object(report).text)
        }
        let seconds = String(format: "%.1f", time / .seconds(1))
        print(
            """
            Looked at: conversations \(done.total). Copied: conversations \(done.conversations), messages \
            \(done.messages), projects \(done.projects), people \(done.people). Removed: \(done.removed). Left alone: \
            \(done.refusedCount). \(seconds) s.
            """
        )
    }
}
