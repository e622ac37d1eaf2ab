import ArgumentParser
import Logging

/// The command `parley config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "See, check and read about the settings.",
        subcommands: [Print.self, Check.self, Doc.self]
    )

    /// The command `parley config print`.
    struct Print: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what holds, defaults included; secrets are hidden."
        )

        @OptionGroup var options: SettingOptions

        func run() async throws {
            try await CommandFailure.reporting {
                _ = try await options.settings()
                let values = await options.read().values
                for key in SettingKey.all {
                    let given = values[key.name].map(key.shown)
                    print("\(key.name): \(given ?? key.defaultText ?? "")")
                }
            }
        }
    }

    /// The command `parley config check`.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Report every problem; exit status 78 when there is one."
        )

        @OptionGroup var options: SettingOptions

        func run() async throws {
            try await CommandFailure.reporting {
                let settings = try await options.settings()
                try await Wiring(settings: settings, logger: Logger(label: "parley")).checkFiles()
                print("The configuration is in order.")
            }
        }
    }

    /// The command `parley config doc`.
    struct Doc: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the documentation of all settings, as Markdown."
        )

        func run() {
            print(SettingsDocument.markdown, terminator: "")
        }
    }
}
