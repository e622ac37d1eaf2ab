/// How a connection ended.
public struct WebSocketEnd: Sendable, Equatable {
    /// Who ended it, or what.
    public enum Cause: Sendable, Equatable {
        /// This end closed it.
        case local
        /// The peer sent a Close frame first.
        case peer
        /// The peer broke the protocol or a limit; the code and the reason are those that it was told.
        case violation
        /// The peer took nothing for too long.
        case tooSlow
        /// The peer didn't answer a ping.
        case pingTimeout
        /// The TCP connection ended without a Close frame.
        case connectionLost
    }

    /// Who ended it, or what.
    public let cause: Cause
    /// The code that was sent, or with ``Cause/peer`` the one that came; nil where there was none.
    public let code: WebSocketCloseCode?
    /// The reason beside the code; the peer's own words with ``Cause/peer``.
    public let reason: String

    /// Makes an end, for tests.
    public init(cause: Cause, code: WebSocketCloseCode? = nil, reason: String = "") {
        self.cause = cause
        self.code = code
        self.reason = reason
    }
}
