/// Why a client could not connect or send.
public struct WebSocketError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case connectFailed, refused, invalidAnswer, timedOut, closed, backedUp, invalidRequest
        }

        private let value: Value

        /// There is no TCP connection to be had.
        public static let connectFailed = Self(value: .connectFailed)
        /// The server answered with a status other than 101; ``WebSocketError/status`` is it.
        public static let refused = Self(value: .refused)
        /// The server's answer is not one to our handshake.
        public static let invalidAnswer = Self(value: .invalidAnswer)
        /// The handshake took too long.
        public static let timedOut = Self(value: .timedOut)
        /// The connection is closed, or is about to be.
        public static let closed = Self(value: .closed)
        /// As much waits to be sent as may: the message was dropped.
        public static let backedUp = Self(value: .backedUp)
        /// The path, a header field or a subprotocol can't stand in a request.
        public static let invalidRequest = Self(value: .invalidRequest)

        /// The name of the case.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it is.
    public let code: Code
    /// One sentence for a log.
    public let message: String
    /// The HTTP status, with ``Code/refused``.
    public let status: Int?
    /// What lies beneath.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, status: Int? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.status = status
        self.cause = cause
    }

    /// The kind and the sentence.
    public var description: String {
        let reason = cause.map { " (\($0))" } ?? ""
        return "\(code): \(message)\(reason)"
    }
}
