import AsyncHTTPClient
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOPosix
import ParleyCore
import ParleyOpenAI
import ParleyTesting
import ParleyUpstream
import Testing

/// A whole server over real connections, whose replies come from a test upstream.
struct UpstreamParley: Sendable {
    let parley: TestParley
    let upstream: Upstream
    /// Makes as many connections as there are calls at once, and never tries a second time.
    let client: HTTPClient

    /// Runs `test` against both, and ends them, also on failure; `change` changes how the upstream is asked.
    static func run(
        change: (inout OpenAISettings) -> Void = { _ in },
        _ test: @escaping @Sendable (UpstreamParley) async throws -> Void
    ) async throws {
        try await Upstream.run { upstream in
            let client = HTTPClient(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                configuration: LiveCaller.clientConfiguration
            )
            var settings = OpenAISettings(url: upstream.url)
            change(&settings)
            let provider = OpenAIProvider(
                client: client,
                settings: settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            do {
                try await TestParley.run(.ahc(), provider: provider) { parley in
                    try await test(UpstreamParley(parley: parley, upstream: upstream, client: client))
                }
            } catch {
                try await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }
    }

    /// Someone who calls, at a port of this machine; by default the server's own.
    func caller(_ identity: Identity = .alice, port: Int? = nil) async throws -> LiveCaller {
        let headers = try await parley.caller(identity).headers
        let token = try #require(headers[.authorization]?.dropFirst("Bearer ".count))
        let port = try #require(port ?? parley.client.port)
        return LiveCaller(address: "http://127.0.0.1:\(port)", token: String(token), client: client)
    }
}
