import NIOCore
import NIOPosix
import Testing

@testable import WebSocketWire

/// Over real connections, client and server both of this library.
@Suite(.timeLimit(.minutes(15)))
struct EchoTests {
    @Test(arguments: [false, true])
    func `what is sent comes back`(deflate: Bool) async throws {
        try await withEchoServer(allowsDeflate: deflate) { connector, port in
            let client = try await WebSocketClient.connect(with: connector, host: "127.0.0.1", port: port)
            var messages = client.messages.makeAsyncIterator()
            for text in ["", "hello", String(repeating: "ä", count: 300), String(repeating: "x", count: 60_000)] {
                try await client.send(text)
                #expect(await messages.next() == .text(text))
            }
            try await client.send(PreparedMessage(binary: ByteBuffer(bytes: [0, 0xFF])))
            #expect(await messages.next() == .binary(ByteBuffer(bytes: [0, 0xFF])))
            let end = try await client.close(.goingAway, reason: "done")
            #expect(end == WebSocketEnd(cause: .local, code: .goingAway, reason: "done"))
            #expect(await messages.next() == nil)
            await #expect(throws: WebSocketError.self) { try await client.send("late") }
        }
    }

    @Test func `subprotocols are agreed on`() async throws {
        try await withEchoServer { connector, port in
            let client = try await WebSocketClient.connect(
                with: connector,
                host: "127.0.0.1",
                port: port,
                subprotocols: ["unknown", "echo"]
            )
            #expect(client.subprotocol == "echo")
            try await client.close()
        }
    }

    /// Many more than the 64 that may wait: the server has to wait for the task, and nothing is lost.
    @Test func `a task that takes messages late gets them all`() async throws {
        try await withEchoServer { connector, port in
            let client = try await WebSocketClient.connect(with: connector, host: "127.0.0.1", port: port)
            for number in 0..<500 { try await client.send("\(number)") }
            var messages = client.messages.makeAsyncIterator()
            for number in 0..<500 { #expect(await messages.next() == .text("\(number)")) }
            try await client.close()
            #expect(await messages.next() == nil)
            #expect(try await client.end().cause == .local)
        }
    }

    @Test func `many sockets at once`() async throws {
        try await withEchoServer { connector, port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let client = try await WebSocketClient.connect(with: connector, host: "127.0.0.1", port: port)
                        try await client.send("\(number)")
                        var messages = client.messages.makeAsyncIterator()
                        #expect(await messages.next() == .text("\(number)"))
                        #expect(try await client.close().code == .normal)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a violation reaches the client as a close, though more was on its way`() async throws {
        try await withEchoServer { connector, port in
            let client = try await WebSocketClient.connect(with: connector, host: "127.0.0.1", port: port)
            // Not masked; and much behind it that the server never reads.
            try await client.socket.eventLoop.submit {
                let socket = client.socket.onLoop
                socket.send(encodedFrame: FrameWriter.frame(.text, payload: ByteBuffer(string: "x")))
                for _ in 0..<100 { socket.send(text: String(repeating: "y", count: 10_000)) }
            }.get()
            let end = try await client.end()
            #expect(end.cause == .peer && end.code == .protocolError)
            #expect(end.reason == WebSocketViolation.unmasked.message)
        }
    }

    @Test func `there is no server`() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let connector = WebSocketConnector(group: group, loops: WebSocketLoops(configuration: WebSocketConfiguration()))
        await #expect {
            try await WebSocketClient.connect(with: connector, host: "127.0.0.1", port: 1)
        } throws: { ($0 as? WebSocketError)?.code == .connectFailed }
    }

    @Test func `what is no handshake is refused and the connection closed`() async throws {
        try await withEchoServer { _, port in
            let received = try await exchange(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            #expect(received.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
            let other = try await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(other.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
            #expect(other.contains("Sec-WebSocket-Version: 13\r\n"))
            #expect(try await exchange(port, "nonsense\r\n\r\n") == "")
        }
    }

    /// A frame in the same packet as the request: the server has it when it has answered.
    @Test func `a client in a hurry is heard`() async throws {
        try await withEchoServer { _, port in
            let request =
                "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            let frames = frame(0x81, Array("early".utf8)) + frame(0x88, [0x03, 0xE8])
            let received = try await exchange(port, request, frames)
            #expect(received.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(received.contains("early"))
        }
    }

    /// What a server answers to bytes until it closes.
    private func exchange(_ port: Int, _ text: String, _ bytes: [UInt8] = []) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: Array(text.utf8) + bytes))
            var received = ByteBuffer()
            for try await part in inbound { received.writeImmutableBuffer(part) }
            return String(decoding: received.readableBytesView, as: UTF8.self)
        }
    }
}
