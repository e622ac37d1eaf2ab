import NIOCore
import NIOPosix
import Testing

@testable import WebSocketWire

/// A server that closes in the same breath in which it agrees.
struct EarlyCloseTests {
    /// Answers a handshake with 101 and a Close frame in one piece, and ends the connection when that is answered.
    private final class ClosingServer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var request = ""
        private var hasAnswered = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Self.unwrapInboundIn(data)
            // Nothing but the client's Close frame can follow.
            guard !hasAnswered else { return context.close(promise: nil) }
            request += String(buffer: bytes)
            guard request.hasSuffix("\r\n\r\n"),
                let key = request.firstMatch(of: /Sec-WebSocket-Key: (?<key>[^\r]+)/.ignoresCase())?.output.key
            else { return }
            hasAnswered = true
            var answer = ByteBuffer(
                string: """
                    HTTP/1.1 101 Switching Protocols\r
                    Upgrade: websocket\r
                    Connection: Upgrade\r
                    Sec-WebSocket-Accept: \(HandshakeKey.accept(String(key)))\r
                    \r

                    """
            )
            answer.writeBytes([0x88, 0x02, 0x03, 0xE9])
            context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
        }
    }

    @Test(.timeLimit(.minutes(15))) func `a Close frame right behind the 101 is answered`() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClosingServer())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let loops = WebSocketLoops(configuration: WebSocketConfiguration())
        let client = try await WebSocketClient.connect(
            with: WebSocketConnector(group: group, loops: loops),
            host: "127.0.0.1",
            port: try #require(server.localAddress?.port)
        )
        #expect(try await client.end() == WebSocketEnd(cause: .peer, code: .goingAway))
        try await server.close()
    }
}
