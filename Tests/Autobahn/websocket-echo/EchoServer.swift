import Foundation
import NIOCore
import NIOPosix
import WebSocketWire

/// Sends back what comes; for Autobahn's test suite.
///
/// The one argument is the port, 0 for any; the port is printed when the server listens.
@main
enum EchoServer {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 9001
        var configuration = WebSocketConfiguration()
        // What the suite sends: messages of 16 MiB, in fragments of 64 bytes and of none.
        configuration.maxFrameBytes = 16 << 20
        configuration.maxMessageBytes = 16 << 20
        configuration.maxFragments = 1 << 20
        configuration.minFragmentBytes = 0
        configuration.maxWaitingBytes = 64 << 20
        configuration.deflate.minimumBytes = 0
        let server = try await WebSocketServer.start(
            port: port,
            group: MultiThreadedEventLoopGroup.singleton,
            loops: WebSocketLoops(configuration: configuration),
            allowsDeflate: true,
            makeDelegate: { Echo() }
        )
        FileHandle.standardOutput.write(Data("\(server.port ?? 0)\n".utf8))
        try await server.channel.closeFuture.get()
    }
}

/// One socket; reads on only when what it sends is taken.
final class Echo: WebSocketDelegate {
    func text(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        send(PreparedMessage(text: message), socket)
    }

    func binary(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        send(PreparedMessage(binary: message), socket)
    }

    func drained(_ socket: WebSocketHandler) {
        socket.resumeReading()
    }

    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) {}

    private func send(_ message: PreparedMessage, _ socket: WebSocketHandler) {
        if socket.send(message) != .written { socket.pauseReading() }
    }
}
