public import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Connects to servers, with a delegate on the event loop for each socket: no task and no stream stands between.
public struct WebSocketConnector: Sendable {
    /// The event loops of the sockets.
    public let group: any EventLoopGroup
    /// The sockets' configuration.
    public let loops: WebSocketLoops
    /// How long connecting and the handshake may take, each.
    ///
    /// 10 s.
    public var timeout = Duration.seconds(10)
    /// Whether permessage-deflate is offered.
    ///
    /// Not by default.
    public var offersDeflate = false
    /// The address that connections come from; nil leaves it to the kernel.
    ///
    /// Each address has some 28 000 ports to a server.
    public var localAddress: SocketAddress?

    /// Makes a connector.
    public init(group: any EventLoopGroup, loops: WebSocketLoops) {
        self.group = group
        self.loops = loops
    }

    /// Connects.
    ///
    /// - Parameters:
    ///   - host: a name or an address; also goes into the request.
    ///   - port: where the server listens.
    ///   - path: the request's target, with its query.
    ///   - headers: more fields.
    ///   - subprotocols: what is offered, the best first.
    ///   - makeDelegate: for the socket, on its event loop, once the server has agreed.
    /// - Returns: fails with ``WebSocketError``.
    public func connect(
        host: String,
        port: Int,
        path: String = "/",
        headers: [(name: String, value: String)] = [],
        subprotocols: [String] = [],
        makeDelegate: @escaping @Sendable () -> any WebSocketDelegate
    ) -> EventLoopFuture<WebSocketReference> {
        let eventLoop = group.next()
        let opened = eventLoop.makePromise(of: WebSocketReference.self)
        let request: ClientHandshake
        do {
            request = try ClientHandshake(
                host: port == 80 ? host : "\(host):\(port)",
                path: path,
                headers: headers,
                subprotocols: subprotocols,
                offersDeflate: offersDeflate
            )
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        let timeout = TimeAmount(timeout)
        var bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [loops] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let encoder = HTTPRequestEncoder()
                    let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
                    let anchor = WriteAnchor()
                    let handler = ClientHandshakeHandler(
                        handshake: request,
                        anchor: anchor,
                        encoder: encoder,
                        decoder: decoder,
                        loops: loops,
                        timeout: timeout,
                        makeDelegate: makeDelegate,
                        opened: opened
                    )
                    try pipeline.addHandlers([anchor, encoder, decoder, handler])
                }
            }
        if let localAddress { bootstrap = bootstrap.bind(to: localAddress) }
        bootstrap.connect(host: host, port: port).whenFailure { error in
            opened.fail(WebSocketError(.connectFailed, "\(host):\(port) can't be reached", cause: error))
        }
        return opened.futureResult
    }
}
