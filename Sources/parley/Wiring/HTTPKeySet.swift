import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ParleyAuth
import ParleyCore

/// Fetches a key set by HTTP.
struct HTTPKeySet: KeySetFetcher {
    /// A client that follows no redirect: who is sent elsewhere would take keys from there.
    let client: HTTPClient
    /// Where the key set is published.
    let url: String
    /// How long it may take.
    var timeout = Limits.keySetTimeout

    func fetch() async throws -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
        let response = try await client.execute(request, timeout: TimeAmount(timeout))
        guard response.status == .ok else {
            throw ParleyError.invalid(
                "jwt.jwks",
                "The key set can't be fetched: \(url) answers \(response.status.code)."
            )
        }
        do {
            return Array(buffer: try await response.body.collect(upTo: Limits.keySetBytes))
        } catch is NIOTooManyBytesError {
            throw ParleyError.invalid(
                "jwt.jwks",
                "The key set can't be used: it is larger than \(Limits.keySetBytes) bytes."
            )
        }
    }
}
