public import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// A server that does nothing but WebSockets: for tests, and where there is no HTTP server to be part of.
///
/// A connection has 10 s to ask for a WebSocket, once.
public struct WebSocketServer: Sendable {
    /// The listening channel.
    public let channel: any Channel

    /// Where it listens.
    public var port: Int? { channel.localAddress?.port }

    /// Listens.
    ///
    /// - Parameters:
    ///   - host: a name or an address.
    ///   - port: 0 has the kernel choose one.
    ///   - group: of the listening channel and the sockets.
    ///   - loops: the sockets' configuration.
    ///   - subprotocols: those that it speaks.
    ///   - allowsDeflate: whether permessage-deflate is granted.
    ///   - makeDelegate: for each socket, on its event loop.
    /// - Returns: the server, which takes connections already.
    /// - Throws: what NIO throws when it can't listen there.
    public static func start(
        host: String = "127.0.0.1",
        port: Int = 0,
        group: any EventLoopGroup,
        loops: WebSocketLoops,
        subprotocols: [String] = [],
        allowsDeflate: Bool = false,
        makeDelegate: @escaping @Sendable () -> any WebSocketDelegate
    ) async throws -> WebSocketServer {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let encoder = HTTPResponseEncoder()
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
                    let upgrader = UpgradeHandler(
                        encoder: encoder,
                        decoder: decoder,
                        subprotocols: subprotocols,
                        allowsDeflate: allowsDeflate,
                        loops: loops,
                        makeDelegate: makeDelegate
                    )
                    try pipeline.addHandlers([encoder, decoder, upgrader])
                }
            }
        return WebSocketServer(channel: try await bootstrap.bind(host: host, port: port).get())
    }

    /// Stops listening.
    ///
    /// The sockets that there are stay.
    public func stop() async throws {
        try await channel.close().get()
    }
}
