import ArgumentParser
import Foundation
import ParleyUpstream

/// The command line of the test upstream.
@main
struct ParleyUpstreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley-upstream",
        abstract: "A model's server for tests: OpenAI's chat completions, with every fault on demand.",
        discussion: """
            It answers POST /v1/chat/completions, streaming or not, and GET /v1/models. An answer derives from the last \
            message of a person, so that it can be known beforehand.

            How a request is answered is said in one of four ways; the first counts:
              POST /control          a behaviour, or a list: each for one request.
                                     "match": only where the question holds it
              X-Upstream-Behaviour   a header
              [[behaviour]]          in the last message of a person
              fault/behaviour        as the model

            GET /control/log tells what came and how it ended; POST /control/release
            lets go what holds; DELETE /control forgets all.

            A behaviour is a preset's name or a JSON object.

            PRESETS
            \(presets)

            MEMBERS
            \(members)
            """
    )

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one and prints it.")
    var port = 9090

    @Option(help: "The key that must be sent; none is asked for by default.")
    var apiKey: String?

    @Option(name: .customLong("model"), help: "A model there is; may be repeated. Default: any but no-such-model.")
    var models: [String] = []

    func run() async throws {
        let settings = UpstreamSettings(host: host, port: port, apiKey: apiKey, models: models)
        try await Upstream.run(settings) { upstream in
            let line = "parley-upstream is listening; model.url is \(upstream.url)\n"
            // Written and not printed: what is printed to a pipe waits there until the process ends.
            try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
            // Nothing more is to be done until a signal ends the process.
            let (signal, continuation) = AsyncStream<Never>.makeStream()
            for await _ in signal {}
            continuation.finish()
        }
    }

    private static var presets: String {
        Behaviour.presets.map(\.name).joined(separator: ", ")
    }

    private static var members: String {
        Behaviour.members.map { "  \($0.name.padding(toLength: 16, withPad: " ", startingAt: 0))\($0.meaning)" }
            .joined(separator: "\n")
    }
}
