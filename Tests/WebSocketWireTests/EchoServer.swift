import NIOCore
import NIOPosix
import WebSocketWire

/// Runs a server that echoes, and closes it at the end.
func withEchoServer(
    _ configuration: WebSocketConfiguration = WebSocketConfiguration(),
    allowsDeflate: Bool = false,
    _ body: (WebSocketConnector, Int) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = try await WebSocketServer.start(
        group: group,
        loops: WebSocketLoops(configuration: configuration),
        subprotocols: ["echo"],
        allowsDeflate: allowsDeflate,
        makeDelegate: { EchoDelegate() }
    )
    var connector = WebSocketConnector(group: group, loops: WebSocketLoops(configuration: configuration))
    connector.offersDeflate = allowsDeflate
    // Longer than any machine takes: no test is about it.
    connector.timeout = .seconds(600)
    do {
        try await body(connector, server.port ?? 0)
    } catch {
        try await server.stop()
        throw error
    }
    try await server.stop()
}

final class EchoDelegate: WebSocketDelegate {
    func text(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        socket.send(PreparedMessage(text: message))
    }

    func binary(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        socket.send(PreparedMessage(binary: message))
    }

    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) {}
}
