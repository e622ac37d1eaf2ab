import NIOCore
import NIOPosix
import Testing
import WebSocketWire

/// Over real connections, client and server both of this library.
struct EchoTests {
    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func `what is sent comes back`(deflate: Bool) async throws {
        try await withEchoServer(allowsDeflate: deflate) { connector, port in
            let client = try await WebSocketClient.connect(with: connector, host: "127.0.0.1", port: port)
            var messages = client.messages.makeAsyncIterator()
            for text in ["", "hello", String(repeating: "ä", count: 300), String(repeating: "x", count: 60_000)] {
                try await client.send(text)
                #expect(await messages.next() == .text(text))
            }
            let end = try await client.close(.goingAway, reason: "done")
            #expect(end == WebSocketEnd(cause: .local, code: .goingAway, reason: "done"))
            #expect(await messages.next() == nil)
        }
    }
}
