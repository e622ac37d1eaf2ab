import ArgumentParser
import Logging
import ParleyCore
import ParleyPostgres
import ParleyRedis
import ParleySQLite

/// The command `parley doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for damage in the store, and end with status 1 where some is left.",
        discussion: """
            It works while servers run, and reads everything that is stored. With SQLite and PostgreSQL it says what their \
            own checks and Parley's say; what is damaged there is best restored from a backup. A Redis that is the truth \
            can be repaired with --repair: what no list leads to is listed again, counts and indices are made anew from the \
            messages, what was left unfinished is finished, and where a message is lost, a deleted one stands in its place.
            """
    )

    @Flag(help: "Mend what can be mended; only with Redis.")
    var repair = false

    @OptionGroup var options: SettingOptions

    func run() async throws {
        try await CommandFailure.reporting {
            let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
            let left = try await wiring.openStoreBesideServer().use { try await examine($0) }
            if left > 0 { throw ExitCode(1) }
        }
    }

    /// Prints what there is to say; returns how much damage is left.
    private func examine(_ store: OpenedStore) async throws -> Int {
        switch store {
        case .sqlite(let store): return try report(await store.examine())
        case .postgres(let store): return try report(await store.examine())
        case .redis(let opened):
            return Self.report(try await RedisDoctor(opened.store, repairs: repair).examine())
        }
    }

    private func report(_ findings: [(check: String, found: Int)]) throws -> Int {
        guard !repair else {
            throw ParleyError.invalid(
                "repair",
                "Only a Redis can be repaired; restore a backup, or copy what can be read."
            )
        }
        let rows = findings.map { [$0.check, $0.found == 0 ? "ok" : "\($0.found)"] }
        Self.table(["looked for", "found"], rows)
        return findings.reduce(0) { $0 + $1.found }
    }

    /// Prints what was found in a Redis.
    private static func report(_ report: DoctorReport) -> Int {
        print("\(report.projects) projects, \(report.conversations) conversations, \(report.messages) messages")
        if report.lines.isEmpty {
            print("Nothing is wrong.")
        } else {
            table(
                ["what is wrong", "found", "repaired", "left", "where"],
                report.lines.map { line in
                    [
                        line.damage.rawValue, "\(line.found)", "\(line.repaired)", "\(line.found - line.repaired)",
                        line.places.joined(separator: " "),
                    ]
                }
            )
        }
        for note in report.notes { print(note) }
        return report.left
    }

    /// Prints columns as wide as what is in them.
    private static func table(_ head: [String], _ rows: [[String]]) {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [head] + rows {
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            print(line)
        }
    }
}
