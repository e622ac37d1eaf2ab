internal import NIOCore
internal import NIOHTTP1

/// Answers the one request of a connection: makes a socket of it, or says why not and closes.
final class UpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let encoder: HTTPResponseEncoder
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private let subprotocols: [String]
    private let allowsDeflate: Bool
    private let loops: WebSocketLoops
    private let makeDelegate: @Sendable () -> any WebSocketDelegate
    private var head: HTTPRequestHead?
    private var deadline: Scheduled<Void>?

    init(
        encoder: HTTPResponseEncoder,
        decoder: ByteToMessageHandler<HTTPRequestDecoder>,
        subprotocols: [String],
        allowsDeflate: Bool,
        loops: WebSocketLoops,
        makeDelegate: @escaping @Sendable () -> any WebSocketDelegate
    ) {
        self.encoder = encoder
        self.decoder = decoder
        self.subprotocols = subprotocols
        self.allowsDeflate = allowsDeflate
        self.loops = loops
        self.makeDelegate = makeDelegate
    }

    func channelActive(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(10)) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: return
        case .end:
            guard let head = head.take() else { return }
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        do throws(WebSocketUpgradeRefusal) {
            let upgrade = try WebSocketUpgrade(head, subprotocols: subprotocols, allowsDeflate: allowsDeflate)
            do {
                try accept(upgrade, context)
            } catch {
                context.close(promise: nil)
            }
        } catch {
            refuse(error, context)
        }
    }

    /// Puts the socket behind the HTTP decoder: what the client sent too early, right behind its request, comes to it when
    /// the decoder goes.
    private func accept(_ upgrade: WebSocketUpgrade, _ context: ChannelHandlerContext) throws {
        let pipeline = context.pipeline.syncOperations
        try pipeline.context(handler: encoder).writeAndFlush(NIOAny(upgrade.answer()), promise: nil)
        // Before the socket comes, whose first frame may be sent at once.
        pipeline.removeHandler(encoder, promise: nil)
        try WebSocketSetup.install(
            on: context.channel,
            position: .before(self),
            role: .server,
            deflate: upgrade.deflate,
            subprotocol: upgrade.subprotocol,
            loop: loops.loop(of: context.eventLoop),
            delegate: makeDelegate()
        )
        pipeline.removeHandler(decoder, promise: nil)
        pipeline.removeHandler(self, promise: nil)
    }

    private func refuse(_ refusal: WebSocketUpgradeRefusal, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(refusal.headers.map { ($0.name, $0.value) })
        headers.add(name: "Connection", value: "close")
        headers.add(name: "Content-Length", value: "0")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: refusal.status), headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
