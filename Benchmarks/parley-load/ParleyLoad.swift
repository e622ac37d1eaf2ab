import ArgumentParser
import Foundation

/// Loads a running server over sockets and HTTP, from a process of its own, and prints figures as lines of JSON.
@main
struct ParleyLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley-load",
        abstract: "Load a running Parley with sockets, or what it is compared with.",
        subcommands: [
            IdleCommand.self, StormCommand.self, FanoutCommand.self, PairsCommand.self, AcrossCommand.self,
            ServeBareCommand.self,
        ]
    )

    static func main() async {
        OpenFiles.allowAll()
        await main(nil)
    }
}

/// How many files and connections this process may have open.
enum OpenFiles {
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// Raises the limit as far as it may be.
    static func allowAll() {
        var limit = rlimit()
        // Where the limit can't be read or raised it stays: a run with many sockets then says what is missing.
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }
}
