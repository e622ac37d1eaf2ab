internal import NIOCore

/// Marks a place in a pipeline that can be written to from further behind.
final class WriteAnchor: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = Never
}

/// Writes past the HTTP decoder of a client, which looks at all that is written and takes it for HTTP.
///
/// It stays for a moment after the handshake, to hand over what the server sent right behind its answer; a socket may have to
/// answer that already.
final class WriteShortcut: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = Never

    private let anchor: ChannelHandlerContext

    init(to anchor: ChannelHandlerContext) {
        self.anchor = anchor
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        anchor.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        anchor.flush()
    }
}
