import NIOCore
import NIOPosix
import Synchronization

/// A link to a server on this machine that a test breaks in every way a network can.
final class FaultLink: Sendable {
    /// What becomes of what is sent.
    enum Mode: Hashable, Sendable {
        case pass
        /// It is kept, also that an end has closed, until it passes again.
        case silent
        /// It takes so much longer.
        case slow(milliseconds: Int64)
        /// Connections are closed, and new ones at once.
        case closed
    }

    private struct State {
        var mode = Mode.pass
        var ends: [ObjectIdentifier: End] = [:]
    }

    private struct End {
        let channel: any Channel
        let handler: NIOLoopBound<Handler>
    }

    private let state = Mutex(State())
    private let target: Mutex<Int>
    private let listener = Mutex<(any Channel)?>(nil)

    /// Listens on a free port and passes everything on to another one, until it is ended.
    static func start(to target: Int) async throws -> FaultLink {
        let link = FaultLink(to: target)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in link.accept(channel) }
            .bind(host: "127.0.0.1", port: 0).get()
        link.listener.withLock { $0 = channel }
        return link
    }

    private init(to target: Int) {
        self.target = Mutex(target)
    }

    /// Leads elsewhere from now on; what is connected stays so.
    func lead(to target: Int) { self.target.withLock { $0 = target } }

    /// Where it listens.
    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }

    /// Does so from now on, also with what is connected already.
    func become(_ mode: Mode) {
        let ends = state.withLock { state in
            state.mode = mode
            return Array(state.ends.values)
        }
        for end in ends {
            if mode == .closed { end.channel.close(promise: nil) }
            if mode == .pass { end.channel.eventLoop.execute { end.handler.value.goOn() } }
        }
    }

    /// Loses the next answer of every connection there is, and the connection with it.
    func loseAnswers() {
        for end in state.withLock({ Array($0.ends.values) }) {
            end.channel.eventLoop.execute { end.handler.value.loseNext() }
        }
    }

    /// Closes all.
    func end() async {
        let listener = listener.withLock { $0.take() }
        // Whatever is closed already is as it should be.
        try? await listener?.close()
        for end in state.withLock({ Array($0.ends.values) }) { try? await end.channel.close() }
    }

    private func accept(_ client: any Channel) -> EventLoopFuture<Void> {
        guard state.withLock({ $0.mode != .closed }) else { return client.close() }
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: target.withLock { $0 })
            .flatMapThrowing { [self] server in
                let fromClient = Handler(self, to: server, isFromClient: true)
                let fromServer = Handler(self, to: client, isFromClient: false)
                try client.pipeline.syncOperations.addHandler(fromClient)
                try server.pipeline.syncOperations.addHandler(fromServer)
                for (channel, handler) in [(client, fromClient), (server, fromServer)] {
                    let end = End(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
                    let id = ObjectIdentifier(channel)
                    state.withLock { $0.ends[id] = end }
                    channel.closeFuture.whenComplete { _ in self.state.withLock { $0.ends[id] = nil } }
                    try channel.syncOptions?.setOption(.autoRead, value: true)
                }
            }
    }

    /// Passes on what one end sends.
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let link: FaultLink
        private let target: any Channel
        private let isFromClient: Bool
        private var kept: [ByteBuffer] = []
        private var hasEnded = false
        private var losesNext = false

        init(_ link: FaultLink, to target: any Channel, isFromClient: Bool) {
            self.link = link
            self.target = target
            self.isFromClient = isFromClient
        }

        private var mode: Mode { link.state.withLock(\.mode) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            if losesNext {
                context.close(promise: nil)
                target.close(promise: nil)
                return
            }
            switch mode {
            case .silent: kept.append(bytes)
            case .slow(let milliseconds):
                // One after the other: those of one connection have the same delay.
                let target = target
                context.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) {
                    target.writeAndFlush(bytes, promise: nil)
                }
            case .pass: target.writeAndFlush(bytes, promise: nil)
            case .closed: context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            hasEnded = true
            if mode != .silent { target.close(promise: nil) }
        }

        func goOn() {
            for bytes in kept { target.writeAndFlush(bytes, promise: nil) }
            kept = []
            if hasEnded { target.close(promise: nil) }
        }

        func loseNext() { losesNext = !isFromClient }
    }
}
