import ArgumentParser
import Foundation
import Logging
import NIOPosix
import ParleyAuth
import ParleyCore

/// The command `parley user`.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Accounts that sign in with a password.",
        subcommands: [AddUserCommand.self]
    )
}

/// The command `parley user add`.
struct AddUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Make an account, whether sign-up is open or not.",
        discussion: """
            The password is asked for, or read from standard input where that is no terminal. It works while the server \
            runs.
            """
    )

    @Argument(help: "The e-mail address to sign in with.")
    var email: String

    @Option(help: "What the person is called.")
    var name: String?

    @Option(help: "The person's department.")
    var dept: String?

    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard EmailAddress(email) != nil else { throw ValidationError("'\(email)' is not an e-mail address.") }
    }

    func run() async throws {
        try await CommandFailure.reporting {
            let settings = try await options.settings()
            let password = try Self.readPassword()
            let wiring = Wiring(settings: settings, logger: Logger(label: "parley"))
            let account = try await wiring.openStoreBesideServer().use { store in
                let pool = NIOThreadPool(numberOfThreads: 1)
                pool.start()
                let accounts = wiring.accounts(over: store.accounts, pool: pool, limiter: NoRateLimiter())
                let result = await Self.outcome {
                    try await accounts.addUser(email: email, password: password, name: name, department: dept)
                }
                try await pool.shutdownGracefully()
                return try result.get()
            }
            print("Made an account for \(account.email).")
        }
    }

    private static func outcome<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }

    private static func readPassword() throws -> String {
        if isatty(STDIN_FILENO) == 1 {
            // getpass(3) turns the echo off and back on, also when it is interrupted.
            guard let first = getpass("Password: ").map({ String(cString: $0) }),
                let second = getpass("Again: ").map({ String(cString: $0) }), first == second
            else { throw ParleyError.invalid("password", "The two passwords differ.") }
            return first
        }
        guard let line = readLine(strippingNewline: true) else {
            throw ParleyError.invalid("password", "There is no password on standard input.")
        }
        return line
    }
}
