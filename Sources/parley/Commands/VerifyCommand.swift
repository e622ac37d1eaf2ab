import ArgumentParser
import Foundation
import Logging
import ParleyCore
import ParleyStore

/// The command `parley verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare two stores: counts, order and hashes of every conversation.",
        discussion: """
            The exit status is 0 where both hold the same, and 1 where they don't; each difference is named. It may run while \
            the server does: what differs is looked at again before it counts.
            """
    )

    @OptionGroup var places: TwoStores

    @Flag(help: "Print what was found as JSON.")
    var json = false

    @OptionGroup var options: SettingOptions

    func validate() throws { try places.validate() }

    func run() async throws {
        try await CommandFailure.reporting {
            let line = ProgressLine()
            let report = try await places.open(options) { first, second in
                try await Verification(first, second).run { report in
                    line.show(done: report.conversations, of: nil, messages: report.messages)
                }
            }
            line.end()
            tell(report)
            guard report.holds else { throw ExitCode.failure }
        }
    }

    private func tell(_ report: Verification.Report) {
        guard !json else { return print(JSON.object(report.json).text) }
        for difference in report.differences { print("\(difference.kind.rawValue): \(difference.name)") }
        print(
            """
            Compared: projects \(report.projects), conversations \(report.conversations), messages \(report.messages), \
            people \(report.people), lines of the query log \(report.queryLogLines). \
            Differences: \(report.differenceCount).
            """
        )
        print("sha256 \(report.firstDigest)")
        if report.secondDigest != report.firstDigest { print("sha256 \(report.secondDigest)") }
    }
}

extension Verification.Report {
    fileprivate var json: JSONObject {
        [
            "holds": .bool(holds), "projects": .number(JSONNumber(projects)),
            "conversations": .number(JSONNumber(conversations)), "messages": .number(JSONNumber(messages)),
            "people": .number(JSONNumber(people)), "query_log_lines": .number(JSONNumber(queryLogLines)),
            "sha256": .array([.string(firstDigest), .string(secondDigest)]),
            "difference_count": .number(JSONNumber(differenceCount)),
            "differences": .array(
                differences.map { ["kind": .string($0.kind.rawValue), "name": .string($0.name)] }
            ),
        ]
    }
}
