import NIOCore

/// Keeps a connection's end back until all bytes before it were asked for.
///
/// The HTTP client drops what its reader has not asked for yet when a connection is closed: of an answer that breaks off, the
/// last words would be lost to a reader who is busy. So the server's end closes only its own half, and this closes the other
/// when it is reached. What is kept is at most what the system had received when the end came. A reset can't be kept back.
final class EndAfterBytes: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var kept: [ByteBuffer] = []
    private var hasEnded = false
    // Whether more was asked for since the last bytes were passed on.
    private var isAskedFor = false
    // Whether bytes were passed on whose completion was not told yet.
    private var isReading = false

    /// Puts one into a connection's pipeline, where bytes come in.
    static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.setOption(.allowRemoteHalfClosure, value: true).flatMap {
            channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(EndAfterBytes(), position: .first)
                // It has not seen what was asked for before it came.
                channel.read()
            }
        }
    }

    func read(context: ChannelHandlerContext) {
        if !kept.isEmpty {
            passBytes(context)
        } else if hasEnded {
            context.close(promise: nil)
        } else {
            isAskedFor = true
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isAskedFor else { return kept.append(unwrapInboundIn(data)) }
        isReading = true
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isAskedFor { completeReading(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return context.fireUserInboundEventTriggered(event) }
        hasEnded = true
        if isAskedFor, !isReading { return context.close(promise: nil) }
        if isReading { completeReading(context) }
        // After its end a channel does not ask by itself any more, which its handlers count on.
        context.channel.read()
    }

    private func completeReading(_ context: ChannelHandlerContext) {
        isAskedFor = false
        isReading = false
        context.fireChannelReadComplete()
    }

    private func passBytes(_ context: ChannelHandlerContext) {
        let bytes = kept
        kept = []
        for buffer in bytes { context.fireChannelRead(wrapInboundOut(buffer)) }
        context.fireChannelReadComplete()
        context.channel.read()
    }
}
