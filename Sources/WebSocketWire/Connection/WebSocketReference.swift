public import NIOCore

/// A socket as other threads may hold it.
///
/// What is asked of it happens on its event loop, in the order of asking.
///
/// For many sockets at once: group the references by ``eventLoop``, and use ``onLoop`` of each in one task of that loop.
public struct WebSocketReference: Sendable, Hashable {
    /// The loop that the socket lives on.
    public let eventLoop: any EventLoop
    private let bound: NIOLoopBound<WebSocketHandler>
    private let identity: ObjectIdentifier

    init(_ socket: WebSocketHandler, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        bound = NIOLoopBound(socket, eventLoop: eventLoop)
        identity = ObjectIdentifier(socket)
    }

    /// The socket itself; only on ``eventLoop``, anywhere else it traps.
    public var onLoop: WebSocketHandler { bound.value }

    /// Sends a message.
    public func send(_ message: PreparedMessage) {
        if eventLoop.inEventLoop {
            onLoop.send(message)
        } else {
            eventLoop.execute { onLoop.send(message) }
        }
    }

    /// Closes with a code and a reason, behind what waits to be sent.
    public func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        if eventLoop.inEventLoop {
            onLoop.close(code, reason: reason)
        } else {
            eventLoop.execute { onLoop.close(code, reason: reason) }
        }
    }

    /// Whether both are the same socket.
    public static func == (left: Self, right: Self) -> Bool { left.identity == right.identity }

    /// Feeds the socket's identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(identity) }
}
