import HTTPTypes
import NIOPosix
import ParleyCore
import Testing
import WebSocketWire

/// A socket of one person, for tests that look at what comes over it.
final class Socket {
    private let client: WebSocketClient
    // Asked for by one task at a time, the test's.
    private nonisolated(unsafe) var messages: WebSocketClient.Messages.AsyncIterator

    /// The subprotocol that the server chose.
    var subprotocol: String? { client.subprotocol }

    /// Opens a socket; a refusal is a `WebSocketError` with the status.
    init(
        port: Int,
        headers: [(name: String, value: String)] = [],
        subprotocols: [String] = [],
        deflate: Bool = false
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        var configuration = WebSocketConfiguration()
        configuration.maxFrameBytes = 16 << 20
        configuration.maxMessageBytes = 16 << 20
        var connector = WebSocketConnector(group: group, loops: WebSocketLoops(configuration: configuration))
        connector.offersDeflate = deflate
        // Longer than any machine takes: no test is about it.
        connector.timeout = .seconds(600)
        client = try await WebSocketClient.connect(
            with: connector,
            host: "127.0.0.1",
            port: port,
            path: "/api/ws",
            headers: headers,
            subprotocols: subprotocols
        )
        messages = client.messages.makeAsyncIterator()
    }

    /// Opens a socket with a token, and takes `ready`.
    static func open(port: Int, token: String, deflate: Bool = false) async throws -> Socket {
        let socket = try await Socket(
            port: port,
            headers: [("Authorization", "Bearer \(token)")],
            deflate: deflate
        )
        _ = try await socket.next("ready")
        return socket
    }

    /// The next message; `nil` at the end.
    func next() async throws -> JSON? {
        guard let message = await messages.next() else { return nil }
        guard case .text(let text) = message else {
            Issue.record("a binary message came")
            return nil
        }
        return try JSON(parsing: Array(text.utf8))
    }

    /// The next message of a type; others before it are passed over.
    func next(_ type: String) async throws -> JSON {
        while let message = try await next() {
            if message["type"]?.stringValue == type { return message }
        }
        throw ParleyError(.unavailable, "The socket ended before \(type) came.")
    }

    /// All messages up to the next of a type, with it.
    func upTo(_ type: String) async throws -> [JSON] {
        var seen: [JSON] = []
        while let message = try await next() {
            seen.append(message)
            if message["type"]?.stringValue == type { return seen }
        }
        throw ParleyError(.unavailable, "The socket ended before \(type) came.")
    }

    func send(_ message: JSON) async throws {
        try await client.send(String(decoding: message.serialized, as: UTF8.self))
    }

    func send(_ message: PreparedMessage) async throws {
        try await client.send(message)
    }

    /// Waits for the end, which the server brings about; what came before it is passed over.
    func end() async throws -> WebSocketEnd {
        while await messages.next() != nil {}
        return try await client.end()
    }

    func close() async throws {
        try await client.close()
    }
}
