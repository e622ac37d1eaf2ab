public import AsyncHTTPClient
import NIOCore
import NIOHTTP1
public import ParleyCore

/// Asks a server that speaks OpenAI's API which models it has (`GET …/v1/models`).
///
/// The key is sent to the configured server only.
public struct OpenAIModelCatalog: ModelCatalog {
    private let client: HTTPClient
    private let settings: OpenAISettings

    /// Makes a catalogue.
    ///
    /// - Parameters:
    ///   - client: The HTTP client, as ``OpenAIProvider/clientConfiguration`` says; whoever made it shuts it down.
    ///   - settings: The server.
    public init(client: HTTPClient, settings: OpenAISettings) {
        self.client = client
        self.settings = settings
    }

    /// The models as the server lists them; a name that no turn could carry is left out.
    ///
    /// Waits as long as the server takes: whoever can't, cancels.
    public func models() async throws -> [String] {
        let body: JSON
        do {
            let response = try await client.execute(settings.request("/models"), deadline: .distantFuture)
            guard response.status == .ok else {
                throw ParleyError(.upstreamError, "The model's server lists no models: \(response.status.code).")
            }
            let bytes = try await response.body.collect(upTo: Limits.modelListBytes)
            body = try JSON(parsing: bytes.readableBytesView)
        } catch let error as ParleyError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw ParleyError(.upstreamError, "The model's server lists no models.", cause: error)
        }
        var known: Set<String> = []
        return (body["data"]?.arrayValue ?? []).compactMap { entry in
            guard let text = entry["id"]?.stringValue, let name = try? Rules.model(text), known.insert(name).inserted
            else { return nil }
            return name
        }
    }
}

extension OpenAISettings {
    /// A request to a path below the base address, with the key.
    func request(_ path: String) -> HTTPClientRequest {
        var base = url[...]
        while base.last == "/" { base.removeLast() }
        var request = HTTPClientRequest(url: base + path)
        request.headers.add(name: "User-Agent", value: "parley")
        if let apiKey, !apiKey.isEmpty { request.headers.add(name: "Authorization", value: "Bearer \(apiKey)") }
        return request
    }
}
