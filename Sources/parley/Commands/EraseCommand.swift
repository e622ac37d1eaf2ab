import ArgumentParser
import Foundation
import Logging
import ParleyCore

/// The command `parley erase`.
struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase a person and all that only they could reach.",
        discussion: """
            Their account and sign-ins, their personal project and every other one whose only member they are, with all \
            conversations; their drafts, read marks, imports and lines of the query log. They leave other projects, where \
            what they wrote stays. It works while servers run. With --rewrite the store's files are written anew \
            afterwards, so that nothing of it is in them any more; that takes long, and others wait for it.
            """
    )

    @Argument(help: "The person's e-mail address.")
    var email: String

    @Flag(help: "Say what would go, and erase nothing.")
    var dryRun = false

    @Flag(help: "Write the store's files anew afterwards.")
    var rewrite = false

    @Flag(help: "Don't ask.")
    var yes = false

    @Flag(help: "Answer with JSON.")
    var json = false

    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard EmailAddress(email) != nil else { throw ValidationError("'\(email)' is not an e-mail address.") }
        guard !(dryRun && rewrite) else { throw ValidationError("--dry-run and --rewrite contradict each other.") }
    }

    func run() async throws {
        try await CommandFailure.reporting {
            guard let person = EmailAddress(email) else { return }
            let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
            try await wiring.withErasure { erasure in
                guard !dryRun else { return report(try await erasure.erasable(person), of: person) }
                if !yes { try confirm(try await erasure.erasable(person), of: person) }
                let report = try await erasure.erase(person).value
                if rewrite { try await erasure.rewrite() }
                self.report(report, of: person)
            }
        }
    }

    private func confirm(_ foreseen: ErasureReport, of person: EmailAddress) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw ParleyError.invalid("yes", "Nobody can be asked here: say --yes, or look first with --dry-run.")
        }
        print(foreseen.lines(of: person))
        print("It can't be taken back. Type the address to erase all this: ", terminator: "")
        guard readLine(strippingNewline: true).flatMap({ EmailAddress($0) }) == person else {
            throw ParleyError.invalid("email", "Nothing was erased.")
        }
    }

    private func report(_ report: ErasureReport, of person: EmailAddress) {
        guard !json else { return print(report.json(of: person, isErased: !dryRun, isRewritten: rewrite)) }
        print(report.lines(of: person))
        print(dryRun ? "Nothing was erased: this is what would go." : "Erased.")
        if rewrite { print("The store's files were written anew.") }
    }
}

extension ErasureReport {
    /// What it is about, in lines.
    fileprivate func lines(of person: EmailAddress) -> String {
        """
        \(person): \(hadAccount ? "an account" : "no account"), sign-ins: \(loginSessions)
          projects: \(projects), conversations: \(conversations), messages: \(messages)
          projects of others left: \(memberships)
          drafts: \(drafts), lines of the query log: \(queryLogLines)
        """
    }

    fileprivate func json(of person: EmailAddress, isErased: Bool, isRewritten: Bool) -> String {
        var writer = JSONWriter(capacity: 256)
        writer.object {
            $0.member("email", person.value)
            $0.member("erased", isErased)
            $0.member("rewritten", isRewritten)
            $0.member("account", hadAccount)
            $0.member("sign_ins", loginSessions)
            $0.member("projects", projects)
            $0.member("conversations", conversations)
            $0.member("messages", messages)
            $0.member("memberships", memberships)
            $0.member("drafts", drafts)
            $0.member("query_log_lines", queryLogLines)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
