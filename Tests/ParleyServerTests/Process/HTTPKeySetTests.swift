import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ParleyCore
import Testing

@testable import parley

@Suite("A key set over HTTP", .timeLimit(.minutes(15)))
struct HTTPKeySetTests {
    private static let keySet = Provider.keySet(of: Provider(kid: "one"))

    /// Runs a test with what fetches `path` of a host by the client that a server has.
    private func with(_ path: String, _ test: @escaping @Sendable (HTTPKeySet) async throws -> Void) async throws {
        let router = Router()
        router.get("/keys") { request, _ in
            guard request.headers[.accept]?.contains("application/json") == true else {
                return Response(status: .notAcceptable)
            }
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: Self.keySet)))
        }
        router.get("/moved") { _, _ in Response(status: .found, headers: [.location: "/keys"]) }
        router.get("/large") { _, _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(repeating: 0x20, count: 10_000_000)))
        }
        try await Application(router: router).test(.ahc()) { host in
            let client = Wiring.httpClient()
            do {
                let url = "http://127.0.0.1:\(host.port ?? 0)\(path)"
                // Long enough for a busy machine.
                try await test(HTTPKeySet(client: client, url: url, timeout: .seconds(60)))
            } catch {
                try await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }
    }

    @Test("What is published is fetched as it stands")
    func published() async throws {
        try await with("/keys") { keySet in
            let text = try await keySet.fetch()
            #expect(text == Array(Self.keySet.utf8))
        }
    }

    @Test(
        "An answer that is none is refused with a reason: also one that leads elsewhere, or is too large",
        arguments: [
            ("/moved", "answers 302."), ("/none", "answers 404."), ("/large", "larger than 65536 bytes."),
        ]
    )
    func refused(path: String, reason: String) async throws {
        try await with(path) { keySet in
            let error = await #expect(throws: ParleyError.self) { try await keySet.fetch() }
            #expect(error?.parameter == "jwt.jwks")
            #expect(error?.message.hasSuffix(reason) == true, "\(error?.message ?? "")")
        }
    }
}
