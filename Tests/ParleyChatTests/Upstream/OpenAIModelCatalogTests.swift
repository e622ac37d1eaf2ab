import AsyncHTTPClient
import NIOPosix
import ParleyCore
import ParleyOpenAI
import ParleyTesting
import ParleyUpstream
import Testing

@Suite("The models of a model's server", .timeLimit(.minutes(15)))
struct OpenAIModelCatalogTests {
    private func models(_ server: UpstreamSettings, key: String? = nil, path: String = "") async throws -> [String] {
        var models: [String] = []
        try await Upstream.run(server) { upstream in
            let client = HTTPClient(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                configuration: OpenAIProvider.clientConfiguration
            )
            let settings = OpenAISettings(url: upstream.url + path, apiKey: key)
            let found = await Result { try await OpenAIModelCatalog(client: client, settings: settings).models() }
            try await client.shutdown()
            models = try found.get()
        }
        return models
    }

    @Test("They are listed in the server's order, each once, with the key")
    func listed() async throws {
        let long = String(repeating: "x", count: Limits.modelBytes + 1)
        let server = UpstreamSettings(apiKey: "secret", models: ["small", "large", long, "", "small"])
        let models = try await models(server, key: "secret", path: "/")
        // Behind them it lists its own, for faults.
        #expect(models.prefix(2) == ["small", "large"])
        #expect(Set(models).count == models.count && !models.contains(long) && !models.contains(""))
    }

    @Test("A server that refuses, or has no such list, is an upstream error without the key")
    func refused() async throws {
        for (server, path) in [(UpstreamSettings(apiKey: "secret"), ""), (UpstreamSettings(), "/nowhere")] {
            let error = await #expect(throws: ParleyError.self) {
                _ = try await models(server, key: "other", path: path)
            }
            #expect(error?.code == .upstreamError)
            #expect(error?.message.contains("other") == false)
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
