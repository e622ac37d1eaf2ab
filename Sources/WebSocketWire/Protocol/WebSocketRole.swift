/// Which end of the connection a handler is.
public enum WebSocketRole: Sendable {
    /// Takes masked frames and sends unmasked ones; closes the TCP connection first.
    case server
    /// Sends masked frames and takes unmasked ones; waits for the server to close the TCP connection.
    case client
}
