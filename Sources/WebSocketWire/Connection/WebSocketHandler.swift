public import NIOCore
public import NIOWebSocket

/// One socket: holds the peer to the rules, hands messages to the delegate, and sends.
///
/// Stands behind NIO's `WebSocketFrameDecoder` and writes bytes; ``WebSocketSetup`` puts both in a pipeline. Everything is
/// called on the channel's event loop; ``reference`` is for other threads. What is written is flushed in a later task of the
/// same turn of the loop.
public final class WebSocketHandler: ChannelDuplexHandler {
    /// Frames from the decoder.
    public typealias InboundIn = WebSocketFrame
    /// Nothing: the delegate gets the messages.
    public typealias InboundOut = Never
    /// Nothing: messages are sent by calls.
    public typealias OutboundIn = Never
    /// Whole frames.
    public typealias OutboundOut = ByteBuffer

    /// What became of a message.
    public enum Sent: Sendable, Equatable {
        /// It went to the channel.
        case written
        /// It waits for the channel.
        case waits
        /// It was dropped; the substitute stands for it.
        case dropped
        /// It was dropped, since the socket closes.
        case closed
    }

    /// Which end this is.
    public let role: WebSocketRole
    /// What was agreed on about compression; nil for none.
    public let deflate: DeflateAgreement?
    /// The subprotocol that was agreed on.
    public let subprotocol: String?

    /// Where the loop has it among its sockets.
    var index: Int?

    let loop: WebSocketLoop
    private var delegate: (any WebSocketDelegate)?
    private var context: ChannelHandlerContext?
    private var handshake = CloseHandshake<NIODeadline>()
    private var assembly = MessageAssembly()
    private var queue = SendQueue<ByteBuffer>()
    private var heartbeat: Heartbeat
    private var end: WebSocketEnd?
    private var unflushedBytes = 0
    private var isDirty = false
    private var isPaused = false
    private var readIsHeld = false
    /// Set when the Close frame has gone to the channel.
    private var closeIsWritten = false
    /// What is to be closed once the Close frame has gone.
    private var closeAfterFrame: CloseMode?

    init(
        role: WebSocketRole,
        loop: WebSocketLoop,
        delegate: any WebSocketDelegate,
        deflate: DeflateAgreement?,
        subprotocol: String?
    ) {
        self.role = role
        self.loop = loop
        self.delegate = delegate
        self.deflate = deflate
        self.subprotocol = subprotocol
        heartbeat = Heartbeat(now: loop.eventLoop.now)
    }

    // MARK: What the application asks for

    /// The socket as other threads may hold it.
    public var reference: WebSocketReference { WebSocketReference(self, eventLoop: loop.eventLoop) }

    /// Whether messages are taken and may be sent.
    public var isOpen: Bool { handshake.isOpen && context != nil }

    /// Whether messages wait outside of the channel.
    public var isBackedUp: Bool { !queue.isEmpty }

    /// Whether a message that is sent now goes to the channel at once, and the channel holds little.
    public var isWritable: Bool { queue.isEmpty && context?.channel.isWritable == true }

    /// The channel; nil once the connection has ended.
    public var channel: (any Channel)? { context?.channel }

    /// Sends a message.
    @discardableResult
    public func send(_ message: PreparedMessage) -> Sent {
        guard handshake.isOpen, let context else { return .closed }
        return send(frame(of: message), context)
    }

    /// Sends a text message that goes to this socket alone.
    @discardableResult
    public func send(text: String) -> Sent {
        send(PreparedMessage(text: text))
    }

    /// Sends a frame of ready bytes: for tests, and for a client that sends the same masked bytes many times.
    @discardableResult
    public func send(encodedFrame: ByteBuffer) -> Sent {
        guard handshake.isOpen, let context else { return .closed }
        return send(encodedFrame, context)
    }

    /// Closes with a code and a reason, behind what waits to be sent; then the peer's Close frame is awaited.
    ///
    /// - Parameters:
    ///   - code: one that may be sent.
    ///   - reason: cut after 123 bytes of UTF-8.
    public func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        guard context != nil else { return }
        precondition(code.mayBeSent, "this close code may not be sent")
        handle(.localClose, .local, ClosePayload(code: code, reason: reason))
    }

    /// Drops the connection at once.
    public func abort() {
        note(.local, nil)
        drop()
    }

    /// Reads no more until ``resumeReading()``; what has been read already is still delivered.
    ///
    /// The peer is not pinged meanwhile, for its answer wouldn't be read.
    public func pauseReading() {
        isPaused = true
    }

    /// Reads again.
    public func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        heartbeat.heard(at: loop.eventLoop.now)
        guard readIsHeld, let context else { return }
        readIsHeld = false
        context.read()
    }

    // MARK: The channel's events

    /// Begins with the socket, when the channel stands.
    public func handlerAdded(context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        begin(context)
    }

    /// Begins with the socket, when the handler was there before the connection.
    public func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    /// Ends with the socket.
    public func handlerRemoved(context: ChannelHandlerContext) {
        finish()
    }

    /// Ends with the socket.
    public func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    /// Takes a frame.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        heartbeat.heard(at: loop.eventLoop.now)
        do throws(WebSocketViolation) {
            try take(frame)
        } catch {
            fail(error)
        }
    }

    /// Goes on, for what stands behind may be what asks for the next read.
    public func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
    }

    /// Lets the channel read, unless reading is paused.
    public func read(context: ChannelHandlerContext) {
        if isPaused {
            readIsHeld = true
        } else {
            context.read()
        }
    }

    /// Sends what waited.
    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            // The kernel took bytes, so the peer did.
            heartbeat.heard(at: loop.eventLoop.now)
            drain()
        }
        context.fireChannelWritabilityChanged()
    }

    /// Closes with 1001 when the server shuts down.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            close(.goingAway, reason: "the server shuts down")
        } else if case .some(.inputClosed) = event as? ChannelEvent {
            // Where the channel lets the peer close its side alone: no Close frame can come any more.
            drop()
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Takes the decoder's errors for violations; any other ends the connection.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: fail(.messageTooBig)
        case NIOWebSocketError.fragmentedControlFrame: fail(.fragmentedControl)
        case NIOWebSocketError.multiByteControlFrameLength: fail(.longControl)
        default: drop()
        }
    }

    // MARK: What the loop asks for

    func flushNow() {
        isDirty = false
        unflushedBytes = 0
        context?.flush()
    }

    func tick(_ now: NIODeadline) {
        guard let context else { return }
        handle(.tick, .local, nil)
        guard handshake.isOpen else { return }
        if queue.isOverflowed {
            // No pings meanwhile: the peer couldn't take them either, and 4008 says more than a lost connection.
            if queue.isStalled(now: now, buffered: buffered(context), timeout: loop.times.stall) { giveUp(context) }
            return
        }
        guard let interval = loop.times.pingInterval, !isPaused else { return }
        switch heartbeat.tick(now: now, interval: interval, timeout: loop.times.pong) {
        case .nothing: return
        case .dead:
            note(.pingTimeout, nil)
            drop()
        case .ping:
            let frame = control(.ping, ByteBuffer())
            if case .write(let frame) = queue.offerPing(frame, isWritable: context.channel.isWritable) {
                write(frame, context)
            }
        }
    }

    // MARK: The beginning and the end

    private func begin(_ context: ChannelHandlerContext) {
        guard self.context == nil, end == nil else { return }
        self.context = context
        loop.add(self)
        delegate?.opened(self)
    }

    private func finish() {
        guard context != nil else { return }
        handle(.connectionEnded, .connectionLost, nil)
    }

    /// Keeps the first cause of the end.
    private func note(_ cause: WebSocketEnd.Cause, _ payload: ClosePayload?) {
        guard end == nil else { return }
        end = WebSocketEnd(cause: cause, code: payload?.code, reason: payload?.reason ?? "")
    }

    private func drop() {
        context?.close(mode: .all, promise: nil)
    }

    private func fail(_ violation: WebSocketViolation) {
        handle(.violation, .violation, ClosePayload(code: violation.code, reason: violation.message))
    }

    /// Ends with a peer that takes nothing.
    ///
    /// The substitute and the Close frame wait behind what is on its way: a peer that reads again finds both.
    private func giveUp(_ context: ChannelHandlerContext) {
        if let substitute = loop.configuration.substitute, queue.isOverflowed { write(frame(of: substitute), context) }
        handle(
            .violation,
            .tooSlow,
            ClosePayload(code: .tooSlow, reason: "too slow"),
            patience: loop.times.linger
        )
    }

    private func handle(
        _ event: CloseHandshake<NIODeadline>.Event,
        _ cause: WebSocketEnd.Cause,
        _ payload: ClosePayload?,
        patience: TimeAmount? = nil
    ) {
        guard let context else { return }
        let now = loop.eventLoop.now
        switch handshake.handle(event, role: role, now: now, deadline: now + (patience ?? loop.times.close)) {
        case .nothing: return
        case .sendClose:
            note(cause, payload)
            sendClose(payload, context)
            // Or the peer's Close frame would never be seen.
            resumeReading()
        case .reply(let thenEnd):
            note(cause, payload)
            if thenEnd { closeAfterFrame = .all }
            // Only the code goes back (RFC 6455, 5.5.1), and before what waits: who has closed takes no more messages.
            if queue.shut() { writeClose(control(.close, ClosePayload(code: payload?.code).bytes()), context) }
        case .fail:
            note(cause, payload)
            closeAfterFrame = .output
            if queue.shut() { writeClose(control(.close, payload?.bytes() ?? ByteBuffer()), context) }
        case .end:
            closeAfterFrame = .all
            if closeIsWritten { drop() }
        case .abort: drop()
        case .report:
            note(cause, payload)
            self.context = nil
            _ = queue.shut()
            loop.remove(self)
            let delegate = self.delegate
            self.delegate = nil
            if let end { delegate?.closed(end, self) }
        }
    }

    private func sendClose(_ payload: ClosePayload?, _ context: ChannelHandlerContext) {
        let frame = control(.close, payload?.bytes() ?? ByteBuffer())
        if case .write(let frame) = queue.offerClose(frame, isWritable: context.channel.isWritable) {
            writeClose(frame, context)
        }
    }

    private func writeClose(_ frame: ByteBuffer, _ context: ChannelHandlerContext) {
        unflushedBytes = 0
        context.writeAndFlush(Self.wrapOutboundOut(frame)).assumeIsolated().whenComplete { _ in
            self.closeIsWritten = true
            if let mode = self.closeAfterFrame { self.context?.close(mode: mode, promise: nil) }
        }
    }

    // MARK: Receiving

    private func take(_ frame: WebSocketFrame) throws(WebSocketViolation) {
        let isOpen = handshake.isOpen
        // After our Close frame only the peer's counts.
        guard isOpen || frame.opcode == .connectionClose else { return }
        let rules = FrameRules(sender: role == .server ? .client : .server, takesCompressed: deflate != nil)
        var payload = frame.data
        let opcode = try rules.check(
            FrameHead(
                isFinal: frame.fin,
                rsv1: frame.rsv1,
                rsv2: frame.rsv2,
                rsv3: frame.rsv3,
                opcode: UInt8(webSocketOpcode: frame.opcode),
                isMasked: frame.maskKey != nil,
                length: payload.readableBytes
            )
        )
        if let key = frame.maskKey { payload.applyMask(key.reduce(0) { $0 << 8 | UInt32($1) }) }
        switch opcode {
        case .close:
            let close = try ClosePayload(payload)
            handle(.peerClose, .peer, close)
        case .ping: pong(payload)
        case .pong: return
        case .text, .binary, .continuation:
            let configuration = loop.configuration
            let message = try assembly.take(
                opcode,
                isFinal: frame.fin,
                isCompressed: frame.rsv1,
                payload: payload,
                limits: MessageAssembly.Limits(
                    messageBytes: configuration.maxMessageBytes,
                    fragments: configuration.maxFragments,
                    minFragmentBytes: configuration.minFragmentBytes
                )
            )
            if let message { try deliver(message) }
        }
    }

    private func deliver(_ message: MessageAssembly.Message) throws(WebSocketViolation) {
        switch message {
        case .text(let bytes): delegate?.text(bytes, self)
        case .binary(let bytes): delegate?.binary(bytes, self)
        case .compressed(let bytes, let isText):
            let inflated = try loop.zlib.inflate(bytes, limit: loop.configuration.maxMessageBytes)
            guard isText else {
                delegate?.binary(inflated, self)
                return
            }
            var utf8 = UTF8Validator()
            guard utf8.take(inflated), utf8.isComplete else { throw .notUTF8 }
            delegate?.text(inflated, self)
        }
    }

    private func pong(_ payload: ByteBuffer) {
        guard let context else { return }
        let frame = control(.pong, payload)
        if case .write(let frame) = queue.offerPong(frame, isWritable: context.channel.isWritable) {
            write(frame, context)
        }
    }

    // MARK: Sending

    private func send(_ frame: ByteBuffer, _ context: ChannelHandlerContext) -> Sent {
        let offer = queue.offer(
            frame,
            bytes: frame.readableBytes,
            isWritable: context.channel.isWritable,
            buffered: buffered(context),
            limit: loop.configuration.maxWaitingBytes,
            now: loop.eventLoop.now
        )
        switch offer {
        case .write(let frame):
            write(frame, context)
            return .written
        case .waits: return .waits
        case .dropped: return .dropped
        case .refused: return .closed
        case .overflowed(let dropped):
            if loop.configuration.substitute == nil {
                giveUp(context)
            } else {
                delegate?.overflowed(dropped: dropped, self)
            }
            return .dropped
        }
    }

    private func drain() {
        guard let context else { return }
        while context.channel.isWritable, let next = queue.next() {
            switch next {
            case .data(let frame), .control(let frame): write(frame, context)
            case .substitute:
                if let substitute = loop.configuration.substitute { write(frame(of: substitute), context) }
            case .close(let frame): writeClose(frame, context)
            }
        }
        if isWritable, handshake.isOpen { delegate?.drained(self) }
    }

    private func write(_ frame: ByteBuffer, _ context: ChannelHandlerContext) {
        unflushedBytes += frame.readableBytes
        context.write(Self.wrapOutboundOut(frame), promise: nil)
        // Under TLS the channel counts nothing before the flush: what is unflushed has to be bounded here.
        if unflushedBytes > loop.configuration.writeBufferHighBytes {
            unflushedBytes = 0
            context.flush()
        } else if !isDirty {
            isDirty = true
            loop.markDirty(self)
        }
    }

    private func buffered(_ context: ChannelHandlerContext) -> Int {
        // A channel that can't tell, such as one in a test, counts as empty.
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
