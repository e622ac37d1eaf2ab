import NIOCore
import NIOPosix
import ParleyTesting
import Synchronization

/// A link to a server on this machine, which a test lets go silent or cuts.
final class FaultyLink: Sendable {
    /// What is lost once, and the connection with it.
    enum Loss: Sendable {
        /// What the client sends with this text in it, before the server has it.
        case request(String)
        /// What the server answers to it, after it has done it.
        case answer(String)
    }

    private struct State {
        var isSilent = false
        var isSilentForNew = false
        var loss: Loss?
        var ends: [ObjectIdentifier: End] = [:]
    }

    private let state = Mutex(State())
    private let target: Int
    private let silentConnection = Eventual<Void>()

    /// Listens on a free port for as long as the body takes, and passes everything on to the other one.
    static func with<Value>(
        to target: Int,
        _ body: (_ link: FaultyLink, _ port: Int) async throws -> Value
    ) async throws -> Value {
        let link = FaultyLink(to: target)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in link.accept(channel) }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = listener.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(link, port))
        } catch {
            result = .failure(error)
        }
        try await listener.close()
        for end in link.state.withLock({ Array($0.ends.values) }) { try? await end.channel.close() }
        return try result.get()
    }

    private init(to target: Int) {
        self.target = target
    }

    /// Passes nothing on from now on, not even that an end has closed, and keeps what comes.
    func goSilent() { state.withLock { $0.isSilent = true } }

    /// Passes on nothing of connections that are made from now on.
    func goSilentForNew() { state.withLock { $0.isSilentForNew = true } }

    /// Waits until a connection is made on which nothing is passed on.
    func untilSilentConnection() async { await silentConnection.value() }

    /// Passes on what was kept, and everything from now on.
    func goOn() {
        let ends = state.withLock { state in
            (state.isSilent, state.isSilentForNew) = (false, false)
            return Array(state.ends.values)
        }
        for end in ends { end.channel.eventLoop.execute { end.handler.value.goOn() } }
    }

    /// Loses something once.
    func lose(_ loss: Loss) { state.withLock { $0.loss = loss } }

    /// Whether what was to be lost is lost.
    var hasLost: Bool { state.withLock { $0.loss == nil } }

    private struct End {
        let channel: any Channel
        let handler: NIOLoopBound<Handler>
    }

    private func accept(_ client: any Channel) -> EventLoopFuture<Void> {
        let isSilent = state.withLock(\.isSilentForNew)
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: target)
            .flatMapThrowing { [self] server in
                let fromClient = Handler(self, to: server, isFromClient: true, isSilent: isSilent)
                let fromServer = Handler(self, to: client, isFromClient: false, isSilent: isSilent)
                (fromClient.other, fromServer.other) = (fromServer, fromClient)
                try client.pipeline.syncOperations.addHandler(fromClient)
                try server.pipeline.syncOperations.addHandler(fromServer)
                for (channel, handler) in [(client, fromClient), (server, fromServer)] {
                    let end = End(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
                    let id = ObjectIdentifier(channel)
                    state.withLock { $0.ends[id] = end }
                    channel.closeFuture.whenComplete { _ in self.state.withLock { $0.ends[id] = nil } }
                    try channel.syncOptions?.setOption(.autoRead, value: true)
                }
                if isSilent { silentConnection.give(()) }
            }
    }

    /// Passes on what one end sends.
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let link: FaultyLink
        private let target: any Channel
        private let isFromClient: Bool
        private var isSilent: Bool
        private var kept: [ByteBuffer] = []
        private var hasEnded = false
        private var losesNext = false
        weak var other: Handler?

        init(_ link: FaultyLink, to target: any Channel, isFromClient: Bool, isSilent: Bool) {
            self.link = link
            self.target = target
            self.isFromClient = isFromClient
            self.isSilent = isSilent
        }

        private var isHeld: Bool { isSilent || link.state.withLock(\.isSilent) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            if isHeld {
                kept.append(bytes)
            } else if losesNext || isLost(bytes) {
                context.close(promise: nil)
                target.close(promise: nil)
            } else {
                target.writeAndFlush(bytes, promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            hasEnded = true
            if !isHeld { target.close(promise: nil) }
        }

        func goOn() {
            isSilent = false
            for bytes in kept { target.writeAndFlush(bytes, promise: nil) }
            kept = []
            if hasEnded { target.close(promise: nil) }
        }

        private func isLost(_ bytes: ByteBuffer) -> Bool {
            guard isFromClient else { return false }
            return link.state.withLock { state in
                switch state.loss {
                case .request(let text) where bytes.readableBytesView.firstRange(of: text.utf8) != nil:
                    state.loss = nil
                    return true
                case .answer(let text) where bytes.readableBytesView.firstRange(of: text.utf8) != nil:
                    state.loss = nil
                    other?.losesNext = true
                    return false
                default: return false
                }
            }
        }
    }
}
