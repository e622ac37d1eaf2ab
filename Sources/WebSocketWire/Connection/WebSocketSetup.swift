public import NIOCore
internal import NIOWebSocket

/// Makes a WebSocket of a channel that spoke HTTP, in one turn of its event loop.
///
/// In one turn, so that nothing of the client can come in between: its first frame may follow the answer at once.
public enum WebSocketSetup {
    /// Answers a checked request with 101 and puts a socket in the place of the HTTP handlers.
    ///
    /// Must be called on the channel's event loop, when the request has been read to its end and nothing of an answer has been
    /// written. The socket takes the place before the HTTP encoder; what stands behind it stays, and gets no reads any more.
    /// Bytes that the client sent before our answer, which RFC 6455 (section 4.1) forbids it, are lost.
    ///
    /// - Parameters:
    ///   - channel: speaks HTTP/1.1.
    ///   - upgrade: the checked request.
    ///   - additionalHeaders: more fields for the answer.
    ///   - responder: the context of the HTTP encoder: the answer is written as bytes to what lies before it.
    ///   - httpHandlers: what to take out: the decoder, the encoder, and what expects HTTP between them and the application.
    ///   - loop: of the channel's event loop.
    ///   - delegate: gets what comes of the socket; its ``WebSocketDelegate/opened(_:)`` is called before this returns.
    /// - Returns: the socket.
    /// - Throws: what NIO throws when the connection has ended meanwhile.
    @discardableResult
    public static func accept(
        on channel: any Channel,
        upgrade: WebSocketUpgrade,
        additionalHeaders: [(name: String, value: String)] = [],
        responder: ChannelHandlerContext,
        removing httpHandlers: [any RemovableChannelHandler],
        loop: WebSocketLoop,
        delegate: any WebSocketDelegate
    ) throws -> WebSocketHandler {
        let pipeline = channel.pipeline.syncOperations
        responder.writeAndFlush(NIOAny(upgrade.answer(additional: additionalHeaders)), promise: nil)
        let socket = try install(
            on: channel,
            position: .before(responder.handler),
            role: .server,
            deflate: upgrade.deflate,
            subprotocol: upgrade.subprotocol,
            loop: loop,
            delegate: delegate
        )
        for handler in httpHandlers { pipeline.removeHandler(handler, promise: nil) }
        return socket
    }

    /// Puts a socket into a pipeline whose handshake is done elsewhere.
    ///
    /// Must be called on the channel's event loop.
    ///
    /// - Parameters:
    ///   - channel: an open connection.
    ///   - position: where the frame decoder and the socket go; what stands behind gets no reads any more.
    ///   - role: which end this is.
    ///   - deflate: what was agreed on about compression; nil for none.
    ///   - subprotocol: what was agreed on.
    ///   - loop: of the channel's event loop.
    ///   - delegate: gets what comes of the socket; its ``WebSocketDelegate/opened(_:)`` is called before this returns.
    /// - Returns: the socket.
    /// - Throws: what NIO throws when the connection has ended meanwhile.
    @discardableResult
    public static func install(
        on channel: any Channel,
        position: ChannelPipeline.SynchronousOperations.Position = .last,
        role: WebSocketRole,
        deflate: DeflateAgreement? = nil,
        subprotocol: String? = nil,
        loop: WebSocketLoop,
        delegate: any WebSocketDelegate
    ) throws -> WebSocketHandler {
        let configuration = loop.configuration
        try setOptions(of: channel, configuration)
        let socket = WebSocketHandler(
            role: role,
            loop: loop,
            delegate: delegate,
            deflate: deflate,
            subprotocol: subprotocol
        )
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: configuration.maxFrameBytes))
        try channel.pipeline.syncOperations.addHandlers([decoder, socket], position: position)
        return socket
    }

    private static func setOptions(of channel: any Channel, _ configuration: WebSocketConfiguration) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(
            .writeBufferWaterMark,
            value: .init(low: configuration.writeBufferLowBytes, high: configuration.writeBufferHighBytes)
        )
        if let bytes = configuration.kernelSendBytes {
            try options.setOption(.socketOption(.so_sndbuf), value: SocketOptionValue(bytes))
        }
        if let bytes = configuration.kernelUnsentBytes {
            try options.setOption(.tcpOption(.tcpNotSentLowWater), value: SocketOptionValue(bytes))
        }
    }
}

extension NIOBSDSocket.Option {
    /// `TCP_NOTSENT_LOWAT` (Linux's tcp(7), Darwin's netinet/tcp.h), for which NIO has no name.
    #if os(Linux)
        fileprivate static let tcpNotSentLowWater = Self(rawValue: 25)
    #else
        fileprivate static let tcpNotSentLowWater = Self(rawValue: 0x201)
    #endif
}
