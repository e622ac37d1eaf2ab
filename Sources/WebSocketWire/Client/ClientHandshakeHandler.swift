internal import NIOCore
internal import NIOHTTP1

/// Sends a client's request and makes a socket of the connection when the server agrees.
final class ClientHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let handshake: ClientHandshake
    private let anchor: WriteAnchor
    private let encoder: HTTPRequestEncoder
    private let decoder: ByteToMessageHandler<HTTPResponseDecoder>
    private let loops: WebSocketLoops
    private let timeout: TimeAmount
    private let makeDelegate: @Sendable () -> any WebSocketDelegate
    private var opened: EventLoopPromise<WebSocketReference>?
    private var head: HTTPResponseHead?
    private var deadline: Scheduled<Void>?

    init(
        handshake: ClientHandshake,
        anchor: WriteAnchor,
        encoder: HTTPRequestEncoder,
        decoder: ByteToMessageHandler<HTTPResponseDecoder>,
        loops: WebSocketLoops,
        timeout: TimeAmount,
        makeDelegate: @escaping @Sendable () -> any WebSocketDelegate,
        opened: EventLoopPromise<WebSocketReference>
    ) {
        self.handshake = handshake
        self.encoder = encoder
        self.anchor = anchor
        self.decoder = decoder
        self.loops = loops
        self.timeout = timeout
        self.makeDelegate = makeDelegate
        self.opened = opened
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(Self.wrapOutboundOut(.head(handshake.head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.fail(WebSocketError(.timedOut, "the server didn't answer the handshake"), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: return
        case .end:
            guard let head = head.take(), opened != nil else { return }
            finish(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(WebSocketError(.invalidAnswer, "the server's answer can't be read", cause: error), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(WebSocketError(.closed, "the server closed the connection during the handshake"), context)
    }

    private func finish(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) {
        do {
            let agreement = try handshake.agreement(head)
            let pipeline = context.pipeline.syncOperations
            let shortcut = WriteShortcut(to: try pipeline.context(handler: anchor))
            try pipeline.addHandler(shortcut, position: .before(self))
            let socket = try WebSocketSetup.install(
                on: context.channel,
                position: .before(self),
                role: .client,
                deflate: agreement.deflate,
                subprotocol: agreement.subprotocol,
                loop: loops.loop(of: context.eventLoop),
                delegate: makeDelegate()
            )
            deadline?.cancel()
            deadline = nil
            opened.take()?.succeed(socket.reference)
            // Last, for what the server sent right behind its answer goes to the socket now.
            let removed = context.eventLoop.makePromise(of: Void.self)
            pipeline.removeHandler(decoder, promise: removed)
            for handler in [encoder, self] as [any RemovableChannelHandler] {
                pipeline.removeHandler(handler, promise: nil)
            }
            let channel = context.channel
            removed.futureResult.assumeIsolated().whenComplete { [anchor] _ in
                for handler in [shortcut, anchor] as [any RemovableChannelHandler] {
                    channel.pipeline.syncOperations.removeHandler(handler, promise: nil)
                }
            }
        } catch let error as WebSocketError {
            fail(error, context)
        } catch {
            fail(WebSocketError(.closed, "the connection ended during the handshake", cause: error), context)
        }
    }

    private func fail(_ error: WebSocketError, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        guard let opened = opened.take() else { return }
        opened.fail(error)
        context.close(promise: nil)
    }
}
