import AsyncHTTPClient
import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import NIOPosix

/// Calls the server of a test: its router, or the server itself over real connections.
///
/// Over those the framework's own clients give up after fifteen or twenty seconds, which a busy machine may need.
struct ServerClient: Sendable {
    private let framework: any TestClientProtocol
    /// For real connections; `nil` where only the router is called.
    private let http: HTTPClient?

    /// Longer than any machine takes: no test is about it.
    private static let patience = TimeAmount.minutes(10)

    /// Runs a test with a client of the server that `framework` has started.
    static func with(
        _ framework: any TestClientProtocol,
        _ test: (ServerClient) async throws -> Void
    ) async throws {
        guard framework.port != nil else {
            return try await test(ServerClient(framework: framework, http: nil))
        }
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = patience
        let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        do {
            try await test(ServerClient(framework: framework, http: http))
        } catch {
            // The first error is the one to tell.
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
    }

    /// Where the server listens; `nil` where only the router is called.
    var port: Int? { framework.port }

    /// Calls, and takes the answer as a whole.
    func answer(
        to method: HTTPRequest.Method,
        _ path: String,
        headers: HTTPFields,
        body: [UInt8]?
    ) async throws -> Answer {
        guard let http, let port else {
            return try await framework.execute(
                uri: path,
                method: method,
                headers: headers,
                body: body.map { ByteBuffer(bytes: $0) }
            ) { Answer(status: $0.status, headers: $0.headers, bytes: Array($0.body.readableBytesView)) }
        }
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = HTTPMethod(rawValue: method.rawValue)
        for field in headers { request.headers.add(name: field.name.rawName, value: field.value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await http.execute(request, timeout: Self.patience)
        let bytes = try await response.body.collect(upTo: .max)
        var fields = HTTPFields()
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return Answer(
            status: .init(code: Int(response.status.code)),
            headers: fields,
            bytes: Array(bytes.readableBytesView)
        )
    }
}
