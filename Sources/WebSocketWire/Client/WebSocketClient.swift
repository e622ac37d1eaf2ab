public import NIOCore

/// A client for tasks: sends messages, and gives those that come as a sequence.
///
/// ```swift
/// let client = try await WebSocketClient.connect(with: connector, host: "127.0.0.1", port: 8080, path: "/api/ws")
/// try await client.send("hello")
/// for await message in client.messages { … }
/// let end = await client.end()
/// ```
public final class WebSocketClient: Sendable {
    /// What came.
    public enum Message: Sendable, Equatable {
        /// A text message.
        case text(String)
        /// A binary message.
        case binary(ByteBuffer)
    }

    /// The messages that come; ends when the connection has ended.
    ///
    /// One task may go through them, once.
    ///
    /// When 64 wait to be taken, the connection is not read until fewer than 16 do: then the server has to wait.
    public struct Messages: AsyncSequence, Sendable {
        /// A message.
        public typealias Element = Message
        let producer: ClientDelegate.Producer

        /// Goes through the messages.
        public struct AsyncIterator: AsyncIteratorProtocol {
            var base: ClientDelegate.Producer.AsyncIterator

            /// The next message; nil when the connection has ended, or the task was cancelled.
            @concurrent
            public mutating func next() async -> Message? { await base.next() }
        }

        /// Begins to go through them.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: producer.makeAsyncIterator()) }
    }

    /// The messages that come.
    public let messages: Messages
    /// The socket, for who works on its event loop.
    public let socket: WebSocketReference
    /// The subprotocol that was agreed on.
    public let subprotocol: String?
    private let ended: EventLoopFuture<WebSocketEnd>

    private init(
        messages: Messages,
        socket: WebSocketReference,
        subprotocol: String?,
        ended: EventLoopFuture<WebSocketEnd>
    ) {
        self.messages = messages
        self.socket = socket
        self.subprotocol = subprotocol
        self.ended = ended
    }

    /// Connects; see ``WebSocketConnector/connect(host:port:path:headers:subprotocols:makeDelegate:)``.
    public static func connect(
        with connector: WebSocketConnector,
        host: String,
        port: Int,
        path: String = "/",
        headers: [(name: String, value: String)] = [],
        subprotocols: [String] = []
    ) async throws -> WebSocketClient {
        let flow = ClientFlow()
        let sequence = ClientDelegate.Producer.makeSequence(
            backPressureStrategy: .init(lowWatermark: 16, highWatermark: 64),
            finishOnDeinit: true,
            delegate: flow
        )
        let ended = connector.group.any().makePromise(of: WebSocketEnd.self)
        do {
            let socket = try await connector.connect(
                host: host,
                port: port,
                path: path,
                headers: headers,
                subprotocols: subprotocols,
                makeDelegate: { ClientDelegate(source: sequence.source, flow: flow, ended: ended) }
            ).get()
            return WebSocketClient(
                messages: Messages(producer: sequence.sequence),
                socket: socket,
                subprotocol: try await socket.eventLoop.submit { socket.onLoop.subprotocol }.get(),
                ended: ended.futureResult
            )
        } catch {
            sequence.source.finish()
            ended.fail(error)
            throw error
        }
    }

    /// Sends a text message.
    public func send(_ text: String) async throws {
        try await send(PreparedMessage(text: text))
    }

    /// Sends a message.
    ///
    /// Returns when it went to the channel or waits for it.
    ///
    /// - Throws: ``WebSocketError`` of code `closed` or `backedUp`.
    public func send(_ message: PreparedMessage) async throws {
        let sent = try await socket.eventLoop.submit { [socket] in socket.onLoop.send(message) }.get()
        switch sent {
        case .written, .waits: return
        case .dropped: throw WebSocketError(.backedUp, "the server doesn't take what is sent")
        case .closed: throw WebSocketError(.closed, "the connection is closed")
        }
    }

    /// Closes, and waits for the end of the connection.
    @discardableResult
    public func close(_ code: WebSocketCloseCode = .normal, reason: String = "") async throws -> WebSocketEnd {
        socket.close(code, reason: reason)
        return try await ended.get()
    }

    /// Waits for the end of the connection.
    public func end() async throws -> WebSocketEnd {
        try await ended.get()
    }
}
