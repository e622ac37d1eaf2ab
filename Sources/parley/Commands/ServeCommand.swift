import ArgumentParser
import Foundation
import Logging
import Metrics
import NIOCore
import ParleyAuth
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
            let watching = Watching(settings: settings)
            MetricsSystem.bootstrap(watching.factory)
            let wiring = Wiring(settings: settings, logger: Logger(label: "parley"), watching: watching)
            do {
                try await wiring.serve { port in
                    announce(settings, port: port)
                }
            } catch let error as IOError {
                throw Self.cannotListen(settings, String(cString: strerror(error.errnoCode)), error)
            } catch let error as SocketAddressError {
                throw Self.cannotListen(settings, "there is no such address", error)
            } catch let error as SocketAddressError.UnknownHost {
                throw Self.cannotListen(settings, "there is no such host", error)
            }
        }
    }

    private static func cannotListen(_ settings: Settings, _ reason: String, _ cause: any Error) -> ParleyError {
        .unavailable("can't listen on \(settings.host):\(settings.port): \(reason).", cause: cause)
    }

    private func announce(_ settings: Settings, port: Int) {
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        // Written and not printed: what is printed to a pipe or a file waits there until the process ends.
        var lines = [
            "Parley is listening on http://\(host):\(port)",
            "  conversations   \(settings.store)",
            "  answers         \(settings.modelURL ?? "the built-in echo; set model.url for a model")",
            "  sign-up         \(settings.effectiveSignup == .open ? "open to all who reach this address" : "closed")",
        ]
        if let redis = settings.redis { lines.insert("  shared          \(redis)", at: 2) }
        StandardStream.output.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}
