import NIOCore
import NIOPosix

/// Who wants to know what comes of sockets; all on their one event loop.
protocol SocketOwner: AnyObject {
    /// It may be used.
    func ready(_ socket: LoadSocket)
    /// It got what a sender has sent; with the revision, where it is a change.
    func message(revision: Int?, _ payload: UnsafeRawBufferPointer, on socket: LoadSocket)
    /// It has caught up.
    func subscribed(_ socket: LoadSocket)
    /// It is told to look at everything afresh, since something may have been missed.
    func resync(_ text: String, on socket: LoadSocket) throws
    /// It has ended, or never began.
    func ended(_ socket: LoadSocket, _ failure: LoadFailure)
}

extension SocketOwner {
    func message(revision: Int?, _ payload: UnsafeRawBufferPointer, on socket: LoadSocket) {}
    func subscribed(_ socket: LoadSocket) {}
    func resync(_ text: String, on socket: LoadSocket) throws { throw LoadFailure.complaint(text) }
}

/// One socket: speaks as much of HTTP and WebSockets as our servers need, and looks no closer.
///
/// No client library, since reading a frame with one takes as long as sending it takes the server, and on a machine with few
/// cores it would be what is measured.
final class LoadSocket: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Its place among the sockets of its owner.
    let number: Int
    /// When what is being told of was read, in nanoseconds.
    private(set) var now: UInt64 = 0
    /// When it began to connect.
    let beganAt = NIODeadline.now().uptimeNanoseconds

    private let plan: SocketPlan
    private unowned let owner: any SocketOwner
    private var context: ChannelHandlerContext?
    private var head: ByteBuffer? = ByteBuffer()
    private var frames = FrameScanner()
    private var nats = NATSScanner()
    private var failure: LoadFailure?
    private var hasEnded = false

    init(_ number: Int, _ plan: SocketPlan, owner: any SocketOwner) {
        self.number = number
        self.plan = plan
        self.owner = owner
    }

    /// Begins to connect.
    static func open(_ number: Int, _ plan: SocketPlan, on eventLoop: any EventLoop, owner: any SocketOwner) {
        let socket = NIOLoopBound(LoadSocket(number, plan, owner: owner), eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(30))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(socket.value)
                }
            }
            .connect(host: plan.endpoint.host, port: plan.endpoint.port)
            .whenFailure { error in socket.value.end(.refused("\(error)")) }
    }

    // MARK: For its owner

    /// Sends a frame.
    func send(_ frame: ByteBuffer) {
        context?.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }

    /// Ends the connection without saying so; the owner is told.
    func drop() {
        failure = failure ?? .closed("by this client")
        context?.close(promise: nil)
    }

    // MARK: The channel's events

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        context.writeAndFlush(Self.wrapOutboundOut(plan.request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var arrived = Self.unwrapInboundIn(data)
        now = NIODeadline.now().uptimeNanoseconds
        do {
            if var head = head.take() {
                head.writeBuffer(&arrived)
                guard let end = Self.end(ofHead: head) else { return self.head = head }
                guard head.readableBytesView.starts(with: "HTTP/1.1 101".utf8) else {
                    throw LoadFailure.refused(String(buffer: head))
                }
                head.moveReaderIndex(forwardBy: end)
                arrived = head
                open()
            }
            try frames.scan(arrived) { opcode, payload in try take(opcode, payload) }
        } catch {
            failure = failure ?? (error as? LoadFailure ?? .closed("\(error)"))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(failure ?? .closed(head.map { String(buffer: $0) } ?? "by the server"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? .closed("\(error)")
        context.close(promise: nil)
    }

    // MARK: What is said

    private func open() {
        if let greeting = plan.greeting { send(greeting) }
        if plan.dialect == .bare { owner.ready(self) }
    }

    private func take(_ opcode: UInt8, _ payload: UnsafeRawBufferPointer) throws {
        switch (opcode, plan.dialect) {
        case (0x9, _): send(MaskedFrame.pong(payload.text))
        case (0xA, _): break
        case (0x8, _): throw LoadFailure.closed(UnsafeRawBufferPointer(rebasing: payload.dropFirst(2)).text)
        case (_, .parley): try takeEvent(payload)
        case (_, .bare): owner.message(revision: nil, payload, on: self)
        case (_, .nats):
            try nats.scan(payload) { word in
                switch word {
                case .hello: break
                case .ping: send(MaskedFrame.binary("PONG\r\n"))
                case .pong: owner.ready(self)
                case .message(let payload): owner.message(revision: nil, payload, on: self)
                case .complaint(let text): throw LoadFailure.complaint(text)
                }
            }
        }
    }

    /// An event of Parley's: its type is its first member.
    private func takeEvent(_ payload: UnsafeRawBufferPointer) throws {
        let place = "{\"type\":\"".utf8.count
        if payload.has("typing\"", at: place) {
            owner.message(revision: nil, payload, on: self)
        } else if payload.has("ready\"", at: place) {
            owner.ready(self)
        } else if payload.has("subscribed\"", at: place) {
            owner.subscribed(self)
        } else if payload.has("resync\"", at: place) {
            try owner.resync(payload.text, on: self)
        } else if payload.has("error\"", at: place) {
            throw LoadFailure.complaint(payload.text)
        } else {
            owner.message(revision: payload.number(after: "\"revision\":"), payload, on: self)
        }
    }

    private func end(_ failure: LoadFailure) {
        guard !hasEnded else { return }
        hasEnded = true
        context = nil
        owner.ended(self, failure)
    }

    private static func end(ofHead bytes: ByteBuffer) -> Int? {
        let view = bytes.readableBytesView
        let end = view.firstRange(of: Array("\r\n\r\n".utf8))
        return end.map { view.distance(from: view.startIndex, to: $0.upperBound) }
    }
}
