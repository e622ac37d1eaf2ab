import NIOCore
import NIOEmbedded
import Testing

@testable import WebSocketWire

/// Sending, closing, waiting, pinging: over the handlers in memory, with a clock moved by hand.
struct HandlerTests {
    private static func text(_ text: String) -> [UInt8] { frame(0x81, Array(text.utf8), mask: nil) }

    private static func small(substitute: String? = "resync") -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration()
        configuration.maxWaitingBytes = 30
        configuration.substitute = substitute.map { PreparedMessage(text: $0) }
        return configuration
    }

    @Test func `several messages of one turn leave in one flush`() throws {
        let bench = try SocketBench()
        let message = PreparedMessage(text: "one")
        #expect(bench.socket.send(message) == .written)
        #expect(bench.socket.send(text: "two") == .written)
        #expect(bench.flushes.count == 0)
        #expect(try bench.sent() == Self.text("one") + Self.text("two"))
        #expect(bench.flushes.count == 1)
        bench.socket.send(message)
        #expect(try bench.sent() == Self.text("one"))
        #expect(bench.flushes.count == 2)
    }

    @Test func `more than the channel should hold is flushed at once`() throws {
        let bench = try SocketBench()
        let message = PreparedMessage(text: String(repeating: "x", count: 40_000))
        bench.socket.send(message)
        #expect(bench.flushes.count == 0)
        bench.socket.send(message)
        #expect(bench.flushes.count == 1)
    }

    @Test func `a client masks what it sends`() throws {
        let bench = try SocketBench(role: .client)
        bench.socket.send(text: "hi")
        #expect(try bench.sent() == frame(0x81, Array("hi".utf8), mask: 0x0102_0304))
        try bench.receive(frame(0x89, [9], mask: nil))
        #expect(try bench.sent() == frame(0x8A, [9], mask: 0x0102_0304))
        bench.socket.close(.normal)
        #expect(try bench.sent() == frame(0x88, [0x03, 0xE8], mask: 0x0102_0304))
    }

    @Test func `what the channel doesn't take waits, in order`() throws {
        let bench = try SocketBench(Self.small())
        bench.setWritable(false)
        #expect(bench.socket.send(text: "a") == .waits)
        #expect(bench.socket.send(text: "b") == .waits)
        #expect(bench.socket.isBackedUp)
        #expect(try bench.sent() == [])
        bench.setWritable(true)
        #expect(!bench.socket.isBackedUp)
        #expect(try bench.sent() == Self.text("a") + Self.text("b"))
        #expect(bench.delegate.eventsSinceOpening == [.drained])
    }

    @Test func `a peer too slow for its messages gets one substitute in their place`() throws {
        let bench = try SocketBench(Self.small())
        bench.setWritable(false)
        let sent = (0..<12).map { bench.socket.send(text: "\($0 % 10)") }
        #expect(sent == Array(repeating: .waits, count: 10) + [.dropped, .dropped])
        try bench.receive(frame(0x89, [1]))
        bench.setWritable(true)
        #expect(try bench.sent() == frame(0x8A, [1], mask: nil) + Self.text("resync"))
        #expect(bench.delegate.eventsSinceOpening == [.overflowed(11), .drained])
        #expect(bench.socket.send(text: "again") == .written)
        #expect(try bench.sent() == Self.text("again"))
    }

    @Test func `a peer that takes nothing after the overflow is closed with 4008`() throws {
        let bench = try SocketBench(Self.small())
        bench.setWritable(false)
        for _ in 0..<11 { bench.socket.send(text: "x") }
        bench.eventLoop.advanceTime(by: .seconds(9))
        #expect(bench.channel.isActive)
        bench.eventLoop.advanceTime(by: .seconds(2))
        #expect(try bench.sent() == Self.text("resync") + serverClose(4008, "too slow"))
        #expect(bench.socket.send(text: "x") == .closed)
        // It may read both until then.
        bench.eventLoop.advanceTime(by: .seconds(28))
        #expect(bench.channel.isActive)
        bench.eventLoop.advanceTime(by: .seconds(3))
        #expect(!bench.channel.isActive)
        let end = WebSocketEnd(cause: .tooSlow, code: .tooSlow, reason: "too slow")
        #expect(bench.delegate.eventsSinceOpening == [.overflowed(11), .closed(end)])
        #expect(bench.loop.count == 0)
    }

    /// Quiet for 24 s when it begins: a ping would be due, and its answer 8 s later.
    @Test func `a peer that can't take a ping is not dropped for want of an answer`() throws {
        let bench = try SocketBench(Self.small())
        bench.eventLoop.advanceTime(by: .seconds(24))
        bench.setWritable(false)
        for _ in 0..<11 { bench.socket.send(text: "x") }
        bench.eventLoop.advanceTime(by: .seconds(9))
        bench.setWritable(true)
        bench.eventLoop.advanceTime(by: .seconds(20))
        #expect(bench.channel.isActive)
        #expect(try bench.sent() == Self.text("resync"))
    }

    @Test func `a peer that closes gets its answer before what waits`() throws {
        let bench = try SocketBench()
        bench.setWritable(false)
        bench.socket.send(text: "too late")
        try bench.receive(frame(0x88, [0x03, 0xE8]))
        #expect(try bench.sent() == serverClose(1000))
        #expect(bench.delegate.eventsSinceOpening == [.closed(WebSocketEnd(cause: .peer, code: .normal))])
    }

    @Test func `without a substitute an overflow closes at once`() throws {
        let bench = try SocketBench(Self.small(substitute: nil))
        bench.setWritable(false)
        for _ in 0..<11 { bench.socket.send(text: "x") }
        #expect(try bench.sent() == serverClose(4008, "too slow"))
        #expect(bench.socket.send(text: "x") == .closed)
        bench.eventLoop.advanceTime(by: .seconds(31))
        let end = WebSocketEnd(cause: .tooSlow, code: .tooSlow, reason: "too slow")
        #expect(bench.delegate.eventsSinceOpening == [.closed(end)])
    }

    @Test func `pings that come while nothing can be sent are answered with one pong`() throws {
        let bench = try SocketBench()
        bench.setWritable(false)
        for number: UInt8 in 0..<100 { try bench.receive(frame(0x89, [number])) }
        bench.setWritable(true)
        #expect(try bench.sent() == frame(0x8A, [99], mask: nil))
    }

    @Test func `we close: what waits goes first, then nothing of the peer is taken but its close`() throws {
        let bench = try SocketBench()
        bench.setWritable(false)
        bench.socket.send(text: "last")
        bench.socket.close(.goingAway, reason: "bye")
        #expect(bench.socket.send(text: "late") == .closed)
        #expect(!bench.socket.isOpen)
        bench.setWritable(true)
        #expect(try bench.sent() == Self.text("last") + serverClose(1001, "bye"))
        try bench.receive(frame(0x81, [0x61]) + frame(0x89) + frame(0xFF) + frame(0x88, [0x03, 0xE9]))
        #expect(try bench.sent() == [])
        #expect(!bench.channel.isActive)
        let end = WebSocketEnd(cause: .local, code: .goingAway, reason: "bye")
        #expect(bench.delegate.eventsSinceOpening == [.closed(end)])
    }

    @Test func `a peer that doesn't answer our close is dropped`() throws {
        let bench = try SocketBench()
        bench.socket.close()
        bench.eventLoop.advanceTime(by: .seconds(4))
        #expect(bench.channel.isActive)
        bench.eventLoop.advanceTime(by: .seconds(2))
        #expect(!bench.channel.isActive)
        #expect(bench.delegate.eventsSinceOpening == [.closed(WebSocketEnd(cause: .local, code: .normal))])
    }

    /// Else the kernel would answer what the peer still sends with a reset, and the Close frame might be lost.
    @Test func `after a violation our side alone is closed, and what comes is thrown away for a while`() throws {
        let bench = try SocketBench()
        try bench.receive(frame(0x81, [0xFF]))
        #expect(bench.channel.isActive && bench.flushes.isHalfClosed)
        try bench.receive(frame(0x81, [0x61]) + frame(0x89) + frame(0x88))
        #expect(try bench.sent() == serverClose(1007, WebSocketViolation.notUTF8.message))
        bench.eventLoop.advanceTime(by: .seconds(6))
        #expect(!bench.channel.isActive)
        let end = WebSocketEnd(cause: .violation, code: .invalidPayload, reason: WebSocketViolation.notUTF8.message)
        #expect(bench.delegate.eventsSinceOpening == [.closed(end)])
    }

    @Test func `a client waits for the server to end the connection, but not for ever`() throws {
        let bench = try SocketBench(role: .client)
        try bench.receive(frame(0x88, [0x03, 0xE8], mask: nil))
        #expect(try bench.sent() == frame(0x88, [0x03, 0xE8], mask: 0x0102_0304))
        #expect(bench.channel.isActive)
        bench.eventLoop.advanceTime(by: .seconds(6))
        #expect(bench.delegate.eventsSinceOpening == [.closed(WebSocketEnd(cause: .peer, code: .normal))])
    }

    @Test func `a quiet peer is pinged and given up`() throws {
        let bench = try SocketBench()
        bench.eventLoop.advanceTime(by: .seconds(24))
        #expect(try bench.sent() == [])
        bench.eventLoop.advanceTime(by: .seconds(1))
        #expect(try bench.sent() == frame(0x89, mask: nil))
        try bench.receive(frame(0x8A))
        bench.eventLoop.advanceTime(by: .seconds(25))
        #expect(try bench.sent() == frame(0x89, mask: nil))
        bench.eventLoop.advanceTime(by: .seconds(7))
        #expect(bench.channel.isActive)
        bench.eventLoop.advanceTime(by: .seconds(1))
        #expect(bench.delegate.eventsSinceOpening == [.closed(WebSocketEnd(cause: .pingTimeout))])
    }

    @Test func `a server that shuts down says so`() throws {
        let bench = try SocketBench()
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(try bench.sent() == serverClose(1001, "the server shuts down"))
    }

    @Test(arguments: [false, true])
    func `a connection that ends without a close is lost`(halfClosed: Bool) throws {
        let bench = try SocketBench()
        if halfClosed {
            bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else {
            bench.channel.close(promise: nil)
        }
        bench.eventLoop.run()
        #expect(bench.delegate.events == [.opened, .closed(WebSocketEnd(cause: .connectionLost))])
        #expect(bench.socket.send(text: "x") == .closed)
        bench.socket.close()
        bench.socket.abort()
        #expect(bench.delegate.events.count == 2)
    }

    @Test func `reading stops and goes on`() throws {
        let bench = try SocketBench()
        let reads = ReadCounter()
        try bench.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        bench.socket.pauseReading()
        bench.channel.read()
        #expect(reads.count == 0)
        bench.socket.resumeReading()
        bench.channel.read()
        #expect(reads.count == 2)
        // Or the peer's answer would never be seen.
        bench.socket.pauseReading()
        bench.channel.read()
        bench.socket.close()
        #expect(reads.count == 3)
    }

    @Test func `sockets come and go, and the timer with them`() throws {
        let eventLoop = EmbeddedEventLoop()
        let loop = WebSocketLoop(eventLoop: eventLoop, configuration: WebSocketConfiguration())
        var channels: [EmbeddedChannel] = []
        for _ in 0..<5 {
            let channel = EmbeddedChannel(loop: eventLoop)
            channel.connect(to: try SocketAddress(unixDomainSocketPath: "bench"), promise: nil)
            try WebSocketSetup.install(on: channel, role: .server, loop: loop, delegate: RecordingDelegate())
            channels.append(channel)
        }
        #expect(loop.count == 5)
        for index in [2, 0, 4] { channels[index].close(promise: nil) }
        eventLoop.run()
        #expect(loop.count == 2)
        // Both that are left are still looked after: pinged at 25 s, dropped at 33 s.
        eventLoop.advanceTime(by: .seconds(40))
        #expect(loop.count == 0)
        #expect(channels.allSatisfy { !$0.isActive })
    }
}

/// Counts how often the channel is asked to read.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
