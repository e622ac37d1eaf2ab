import NIOCore
import NIOEmbedded
import Testing

@testable import WebSocketWire

/// Compressed messages over the handlers in memory.
struct HandlerDeflateTests {
    private static let agreement = DeflateAgreement(windowBits: 15, answer: "")
    /// "Hello", by RFC 7692, section 7.2.3.1.
    private static let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]

    private static func configuration() -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration()
        configuration.maxMessageBytes = 1_000
        configuration.deflate.minimumBytes = 20
        return configuration
    }

    @Test(
        arguments: [
            (frame(0xC1, hello), .text("Hello")), (frame(0xC2, hello), .binary(Array("Hello".utf8))),
            (
                frame(0x41, Array(hello[..<3])) + frame(0x00, Array(hello[3..<5])) + frame(0x80, Array(hello[5...])),
                .text("Hello")
            ),
            (frame(0x41, Array(hello[..<3])) + frame(0x89) + frame(0x80, Array(hello[3...])), .text("Hello")),
            (frame(0xC1, [0x00]), .text("")), (frame(0x81, Array("plain".utf8)), .text("plain")),
        ] as [([UInt8], RecordingDelegate.Event)]
    )
    func `compressed and other messages are taken`(bytes: [UInt8], event: RecordingDelegate.Event) throws {
        for step in [0, 1, 5] {
            let bench = try SocketBench(deflate: Self.agreement, Self.configuration())
            try bench.receive(bytes, step: step)
            #expect(bench.delegate.eventsSinceOpening == [event])
        }
    }

    @Test(
        arguments: [
            (frame(0xC9), .compressedControl), (frame(0xC8), .compressedControl), (frame(0xA1), .reservedBits),
            (frame(0x41, hello) + frame(0xC0), .compressedContinuation),
            (frame(0xC1, [0xFF, 0xFF]), .badCompression),
            // 0xFF in an uncompressed block.
            (frame(0xC1, [0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x00]), .notUTF8),
        ] as [([UInt8], WebSocketViolation)]
    )
    func `what breaks a rule is refused`(bytes: [UInt8], violation: WebSocketViolation) throws {
        let bench = try SocketBench(deflate: Self.agreement, Self.configuration())
        try bench.receive(bytes)
        #expect(bench.flushes.isHalfClosed)
        bench.channel.close(promise: nil)
        bench.eventLoop.run()
        let end = WebSocketEnd(cause: .violation, code: violation.code, reason: violation.message)
        #expect(bench.delegate.eventsSinceOpening == [.closed(end)])
    }

    @Test func `a bomb is too big`() throws {
        let deflater = try #require(Deflater(windowBits: 15, level: 9))
        let bomb = try #require(deflater.deflate(ByteBuffer(repeating: 0x61, count: 100_000)))
        let bench = try SocketBench(deflate: Self.agreement, Self.configuration())
        try bench.receive(frame(0xC1, Array(bomb.readableBytesView)))
        #expect(try bench.sent() == serverClose(1009, WebSocketViolation.messageTooBig.message))
    }

    @Test(arguments: [WebSocketRole.server, .client])
    func `what gets smaller is sent compressed`(role: WebSocketRole) throws {
        let mask: UInt32? = role == .client ? 0x0102_0304 : nil
        let bench = try SocketBench(role: role, deflate: Self.agreement, Self.configuration())
        let text = String(repeating: "again ", count: 100)
        bench.socket.send(text: text)
        var bytes = try bench.sent()
        #expect(bytes[0] == 0xC1)
        let payload = try #require(Deflater(windowBits: 15, level: 1)?.deflate(ByteBuffer(string: text)))
        #expect(bytes == frame(0xC1, Array(payload.readableBytesView), mask: mask))
        // Short, or no smaller for it.
        bench.socket.send(text: "short")
        bytes = try bench.sent()
        #expect(bytes == frame(0x81, Array("short".utf8), mask: mask))
        let noise = "q8Zk2PvX0wYb7LtJ5RsE1aHd9"
        bench.socket.send(text: noise)
        bytes = try bench.sent()
        #expect(bytes == frame(0x81, Array(noise.utf8), mask: mask))
    }

    @Test func `a message is deflated once for all sockets`() {
        let message = PreparedMessage(text: String(repeating: "again ", count: 100))
        var calls = 0
        func deflate(_ bytes: ByteBuffer) -> ByteBuffer? {
            calls += 1
            return ByteBuffer(string: "small")
        }
        let first = message.deflatedFrame(windowBits: 15, deflate: deflate)
        let second = message.deflatedFrame(windowBits: 15, deflate: deflate)
        #expect(first == second)
        #expect(first == ByteBuffer(bytes: frame(0xC1, Array("small".utf8), mask: nil)))
        #expect(calls == 1)
        let other = message.deflatedFrame(windowBits: 9) { _ in
            calls += 1
            return nil
        }
        #expect(other == nil)
        #expect(message.deflatedFrame(windowBits: 9, deflate: deflate) == nil)
        #expect(calls == 2)
    }
}
