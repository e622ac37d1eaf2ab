import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import ParleyCore
import ParleyTesting

/// Calls a server in another process, as one person, over real connections.
struct LiveCaller: Sendable {
    let address: String
    let token: String?
    let client: HTTPClient
    /// How long an answer may take to begin: longer than any machine takes, unless a test is about it.
    var timeout = TimeAmount.seconds(300)

    /// As many connections as there are callers, and no second try.
    static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(60), read: .seconds(300)))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        // A dead server is what some of these tests are about.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// Runs a test with a client that keeps as many connections as there are callers, and never tries a second time.
    static func with<Result>(
        _ server: RunningServer,
        as identity: Identity? = .alice,
        _ test: (LiveCaller) async throws -> Result
    ) async throws -> Result {
        let client = HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            configuration: clientConfiguration
        )
        do {
            var token: String?
            if let identity { token = try await RunningServer.token(of: identity) }
            let result = try await test(LiveCaller(address: server.address, token: token, client: client))
            try await client.shutdown()
            return result
        } catch {
            // The first error is the one to tell.
            try? await client.shutdown()
            throw error
        }
    }

    func get(_ path: String, headers: HTTPHeaders = [:]) async throws -> Answer {
        try await answer(to: request(.GET, path, headers: headers))
    }

    func post(_ path: String, _ body: JSON, headers: HTTPHeaders = [:]) async throws -> Answer {
        try await answer(to: request(.POST, path, body: body, headers: headers))
    }

    func patch(_ path: String, _ body: JSON) async throws -> Answer {
        try await answer(to: request(.PATCH, path, body: body))
    }

    func put(_ path: String, _ body: JSON? = nil) async throws -> Answer {
        try await answer(to: request(.PUT, path, body: body))
    }

    func delete(_ path: String) async throws -> Answer {
        try await answer(to: request(.DELETE, path))
    }

    /// Calls, and hands each event of the answer's stream over once it is here as a whole; returns the status.
    ///
    /// Without a body it is a GET.
    func stream(
        _ path: String,
        _ body: JSON? = nil,
        headers: HTTPHeaders = [:],
        _ consume: (ServerSentEvent) async throws -> Void
    ) async throws -> UInt {
        let request = request(body == nil ? .GET : .POST, path, body: body, headers: headers)
        let response = try await client.execute(request, timeout: timeout)
        var text: [UInt8] = []
        for try await buffer in response.body {
            text += buffer.readableBytesView
            while let end = text.firstRange(of: Array("\n\n".utf8)) {
                let frame = String(decoding: text[..<end.upperBound], as: UTF8.self)
                text.removeSubrange(..<end.upperBound)
                for event in ServerSentEvent.parse(frame) { try await consume(event) }
            }
        }
        return response.status.code
    }

    private func answer(to request: HTTPClientRequest) async throws -> Answer {
        let response = try await client.execute(request, timeout: timeout)
        let body = try await response.body.collect(upTo: 64 * 1024 * 1024)
        var fields = HTTPFields()
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return Answer(
            status: .init(code: Int(response.status.code)),
            headers: fields,
            bytes: Array(body.readableBytesView)
        )
    }

    private func request(
        _ method: HTTPMethod,
        _ path: String,
        body: JSON? = nil,
        headers: HTTPHeaders = [:]
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address + path)
        request.method = method
        request.headers = headers
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.serialized))
        }
        return request
    }
}
