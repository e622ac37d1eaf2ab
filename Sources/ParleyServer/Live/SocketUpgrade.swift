import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import WebSocketWire

/// Turns the connection of a request that is being answered into a WebSocket.
///
/// From an ordinary route, so that all that stands before routes holds for sockets too, and an upgrade may follow other
/// requests on its connection, as behind a proxy that keeps its connections. Once it is done, HTTP's part of the pipeline is
/// told that the connection has ended: the task that served it ends then, and its memory, some 20 KB, is free. A task's stack
/// never shrinks, so that it wouldn't be if the task only had nothing to do.
enum SocketUpgrade {
    /// Answers with 101 and installs the socket, in one turn of the event loop: the client's first frame finds it there.
    ///
    /// - Returns: What the route answers, which goes nowhere.
    /// - Throws: Where the connection is no plain HTTP/1.1 one.
    static func perform(
        _ upgrade: WebSocketUpgrade,
        headers: [(name: String, value: String)],
        on channel: any Channel,
        loops: WebSocketLoops,
        makeDelegate: @escaping @Sendable () -> any WebSocketDelegate
    ) async throws -> Response {
        try await channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
            let http: [any RemovableChannelHandler] = [
                try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self),
                encoder,
                try pipeline.handler(type: HTTP1ToHTTPServerCodec.self),
                try pipeline.handler(type: HTTPConnectionStateHandler.self),
            ]
            let end = EndOfHTTP()
            try pipeline.addHandler(end, position: .after(encoder))
            try WebSocketSetup.accept(
                on: channel,
                upgrade: upgrade,
                additionalHeaders: headers,
                responder: pipeline.context(handler: encoder),
                removing: http,
                loop: loops.loop(of: channel.eventLoop),
                delegate: makeDelegate()
            )
            // The answer then can't be written, and its task gives up.
            try pipeline.context(handler: end).fireChannelInactive()
        }.get()
        return Response(status: .switchingProtocols)
    }
}

/// Stands between a WebSocket and what served HTTP on its connection before: what that still has to say goes nowhere.
private final class EndOfHTTP: ChannelDuplexHandler {
    typealias InboundIn = Never
    typealias OutboundIn = Never

    func channelReadComplete(context: ChannelHandlerContext) {
        // What stands behind has read to its end, and asks for nothing more.
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        promise?.succeed()
    }

    func flush(context: ChannelHandlerContext) {}

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // That HTTP has ended is not the end of the socket. Its input is closed where the server itself is cancelled.
        guard mode != .input else { return context.close(mode: mode, promise: promise) }
        promise?.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // They have been told.
    }
}
