import ArgumentParser

/// The command line.
@main
struct Parley: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley",
        abstract: "A self-hosted chat server that keeps conversations with AI assistants.",
        discussion: """
            Every setting can be an option, an environment variable (PARLEY_HTTP_PORT for --http-port) or a line of a \
            YAML or JSON file named by --config, in this order. See "parley config doc".
            """,
        version: ParleyVersion.text,
        subcommands: [
            ServeCommand.self, MigrateCommand.self, ImportCommand.self, ExportCommand.self, CopyCommand.self,
            VerifyCommand.self, DoctorCommand.self, EraseCommand.self, PurgeCommand.self, TokenCommand.self,
            UserCommand.self, ConfigCommand.self,
        ],
        defaultSubcommand: ServeCommand.self
    )
}

/// What this binary calls itself.
enum ParleyVersion {
    static let text = "0.1.0"
}
