import ArgumentParser
import Logging

/// The command `parley migrate`.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to date, or bring in what an old Redis holds.",
        discussion: "Without a subcommand it is the schema.",
        subcommands: [MigrateSchemaCommand.self, MigrateRedisCommand.self],
        defaultSubcommand: MigrateSchemaCommand.self
    )
}

/// The command `parley migrate schema`, which `parley migrate` alone means.
struct MigrateSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Bring the database's schema up to date, and end.",
        discussion: """
            A server does so itself when it starts. Run it as a role that may make tables where the server's own role may \
            not; it works while servers run.
            """
    )

    @OptionGroup var options: SettingOptions

    func run() async throws {
        try await CommandFailure.reporting {
            let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
            try await wiring.openStoreBesideServer().use { _ in }
            print("The schema is up to date.")
        }
    }
}
