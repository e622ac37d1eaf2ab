import AsyncHTTPClient
import Logging
import NIOCore
import ParleyChat
import ParleyCore
import ParleyOpenAI
import ParleyTesting
import ParleyUpstream

/// A house whose replies come from a model's server over the network, if only this machine's.
struct UpstreamHouse: Sendable {
    let house: House
    let upstream: Upstream
    let provider: OpenAIProvider
    /// The time of day, the same for all.
    let clock: ManualClock

    /// Runs the server as long as `body` runs, which runs the house.
    ///
    /// - Parameters:
    ///   - server: The server's settings.
    ///   - stopwatch: What the provider measures its waiting by.
    ///   - change: Changes the provider's settings.
    ///   - body: What is done in it.
    /// - Throws: What `body` throws.
    static func run(
        _ server: UpstreamSettings = UpstreamSettings(),
        stopwatch: any Clock<Duration> = ContinuousClock(),
        change: (inout OpenAISettings) -> Void = { _ in },
        _ body: (UpstreamHouse) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        try await Upstream.run(server, clock: clock) { upstream in
            var settings = OpenAISettings(url: upstream.url, retryDelay: .zero)
            change(&settings)
            var configuration = OpenAIProvider.clientConfiguration
            // However slow the machine is, a connection is there for the next call.
            configuration.connectionPool.idleTimeout = .minutes(5)
            let client = HTTPClient(configuration: configuration)
            let provider = OpenAIProvider(
                client: client,
                settings: settings,
                logger: silentLogger,
                stopwatch: stopwatch,
                clock: clock
            )
            let house = House(provider: provider)
            do {
                try await body(UpstreamHouse(house: house, upstream: upstream, provider: provider, clock: clock))
            } catch {
                try await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }
    }

    /// What reached the server with this question.
    func requests(_ question: String) -> [RequestLog.Entry] {
        upstream.log.entries.filter { $0.request.question == question }
    }

    /// The provider's chunks, asked without a conversation.
    func chunks(_ prompt: Prompt) async throws -> [ReplyChunk] {
        var chunks: [ReplyChunk] = []
        try await provider.reply(to: prompt) { chunks.append($0) }
        return chunks
    }
}
