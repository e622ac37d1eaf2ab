import ArgumentParser
import Logging
import ParleyCore

/// The command `parley serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            Without any setting it listens on http://127.0.0.1:8080, keeps everything in the file parley.db in the \
            present directory, and lets anyone on this machine make an account. It ends on SIGTERM or SIGINT: running \
            replies are finished or parked, and nothing acknowledged is lost.
            """
    )

    @OptionGroup var options: SettingOptions

    func run() async throws {
        try await CommandFailure.reporting {
            let settings = try await options.settings()
            LoggingSystem.bootstrap { label in
                if settings.logsJSON { return JSONLogHandler(label: label, level: settings.logLevel) }
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = settings.logLevel
                return handler
            }
            do {
                try await Wiring(settings: settings, logger: Logger(label: "parley")).serve { port in
                    announce(settings, port: port)
                }
            } catch let error as any SystemError {
                throw ParleyError.unavailable("can't listen on \(settings.host):\(settings.port): \(error)")
            }
        }
    }

    private func announce(_ settings: Settings, port: Int) {
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        print("Parley is listening on http://\(host):\(port)")
        print("  conversations   \(settings.databasePath)")
        print("  answers         \(settings.modelURL ?? "the built-in echo; set model.url for a model")")
        print(
            "  sign-up         \(settings.effectiveSignup == .open ? "open to everyone who reaches this address" : "closed")"
        )
    }
}
