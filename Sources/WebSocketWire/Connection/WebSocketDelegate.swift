public import NIOCore

/// What an application makes of a socket.
///
/// Everything is called on the socket's event loop.
///
/// After ``WebSocketDelegate/closed(_:_:)`` nothing more is called, and the handler lets go of the delegate.
public protocol WebSocketDelegate: AnyObject {
    /// The socket may be used; the first to be called.
    func opened(_ socket: WebSocketHandler)

    /// A text message; the bytes are UTF-8.
    func text(_ message: ByteBuffer, _ socket: WebSocketHandler)

    /// A binary message. Unless implemented, closes the socket with 1003.
    func binary(_ message: ByteBuffer, _ socket: WebSocketHandler)

    /// Messages were dropped since as much waited as may, and the substitute stands in their place.
    ///
    /// Called once for each substitute; what is dropped until it has gone is not told of again.
    func overflowed(dropped: Int, _ socket: WebSocketHandler)

    /// Nothing waits, and the channel takes messages again: a good moment to go on, for who stopped reading or sending.
    func drained(_ socket: WebSocketHandler)

    /// The TCP connection has ended; the last to be called, once for each ``WebSocketDelegate/opened(_:)``.
    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler)
}

extension WebSocketDelegate {
    /// Does nothing.
    public func opened(_ socket: WebSocketHandler) {}

    /// Closes the socket with 1003.
    public func binary(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        socket.close(.unacceptableData, reason: "only text is taken")
    }

    /// Does nothing.
    public func overflowed(dropped: Int, _ socket: WebSocketHandler) {}

    /// Does nothing.
    public func drained(_ socket: WebSocketHandler) {}
}
