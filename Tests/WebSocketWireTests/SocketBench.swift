import NIOCore
import NIOEmbedded
import Testing

@testable import WebSocketWire

/// One socket on a channel of memory, with a clock that is moved by hand.
final class SocketBench {
    let eventLoop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    let loop: WebSocketLoop
    let delegate = RecordingDelegate()
    let socket: WebSocketHandler
    let flushes = FlushCounter()

    init(
        role: WebSocketRole = .server,
        deflate: DeflateAgreement? = nil,
        _ configuration: WebSocketConfiguration = WebSocketConfiguration()
    ) throws {
        channel = EmbeddedChannel(loop: eventLoop)
        channel.connect(to: try SocketAddress(unixDomainSocketPath: "bench"), promise: nil)
        try channel.pipeline.syncOperations.addHandler(flushes)
        loop = WebSocketLoop(eventLoop: eventLoop, configuration: configuration, makeMaskingKey: { 0x0102_0304 })
        socket = try WebSocketSetup.install(
            on: channel,
            role: role,
            deflate: deflate,
            loop: loop,
            delegate: delegate
        )
    }

    /// The peer's bytes, in steps; with 0 all at once.
    func receive(_ bytes: [UInt8], step: Int = 0) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let next = rest.prefix(step == 0 ? rest.count : step)
            rest = rest.dropFirst(next.count)
            guard channel.isActive else { return }
            try channel.writeInbound(ByteBuffer(bytes: next))
            eventLoop.run()
        }
    }

    /// The bytes of all that was flushed since the last call.
    func sent() throws -> [UInt8] {
        eventLoop.run()
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        return bytes
    }

    /// Has the channel take bytes or not.
    func setWritable(_ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }
}

/// Keeps what comes of a socket.
final class RecordingDelegate: WebSocketDelegate {
    enum Event: Equatable {
        case opened, drained
        case text(String)
        case binary([UInt8])
        case overflowed(Int)
        case closed(WebSocketEnd)
    }

    var events: [Event] = []
    /// Those that came since ``WebSocketDelegate/opened(_:)``.
    var eventsSinceOpening: [Event] { Array(events.dropFirst()) }

    func opened(_ socket: WebSocketHandler) { events.append(.opened) }
    func text(_ message: ByteBuffer, _ socket: WebSocketHandler) { events.append(.text(String(buffer: message))) }
    func binary(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        events.append(.binary(Array(message.readableBytesView)))
    }
    func overflowed(dropped: Int, _ socket: WebSocketHandler) { events.append(.overflowed(dropped)) }
    func drained(_ socket: WebSocketHandler) { events.append(.drained) }
    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) { events.append(.closed(end)) }
}

/// Counts how often the channel is flushed, and keeps open what is closed on one side alone, as a real channel does.
final class FlushCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var count = 0
    var isHalfClosed = false

    func flush(context: ChannelHandlerContext) {
        count += 1
        context.flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else {
            context.close(mode: mode, promise: promise)
            return
        }
        isHalfClosed = true
        promise?.succeed()
    }
}

/// A frame of a peer, right or wrong.
func frame(_ first: UInt8, _ payload: [UInt8] = [], mask: UInt32? = 0x1234_5678, length: Int? = nil) -> [UInt8] {
    let length = length ?? payload.count
    let maskBit: UInt8 = mask == nil ? 0 : 0x80
    var bytes: [UInt8] = [first]
    switch length {
    case ...125: bytes.append(maskBit | UInt8(length))
    case ...0xFFFF: bytes += [maskBit | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
    default: bytes += [maskBit | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
    }
    guard let mask else { return bytes + payload }
    let key = (0..<4).reversed().map { UInt8(truncatingIfNeeded: mask >> ($0 * 8)) }
    return bytes + key + payload.enumerated().map { $0.element ^ key[$0.offset % 4] }
}

/// A Close frame of the server with a code and a reason.
func serverClose(_ code: UInt16, _ reason: String = "") -> [UInt8] {
    frame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8), mask: nil)
}
