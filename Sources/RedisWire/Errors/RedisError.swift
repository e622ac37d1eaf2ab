/// The one error type of this module.
///
/// ``mayHaveRun`` tells whether Redis may have carried out the command that failed.
public struct RedisError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case server, notConnected, connectionLost, deadlineExceeded, closed, refusedByBreaker, overloaded
            case protocolViolation, cancelled, invalidCommand, invalidConfiguration
        }

        private let value: Value

        /// Redis answered with an error; ``RedisError/serverCode`` is its kind.
        public static let server = Self(value: .server)
        /// There is no connection, or none could be made: the command was not sent.
        public static let notConnected = Self(value: .notConnected)
        /// The connection ended while the command was under way.
        public static let connectionLost = Self(value: .connectionLost)
        /// Redis didn't answer in time; the connection is closed, so that no late answer can be taken for another's.
        public static let deadlineExceeded = Self(value: .deadlineExceeded)
        /// The client has been shut down.
        public static let closed = Self(value: .closed)
        /// Redis has failed several times in a row and is left alone for a moment.
        public static let refusedByBreaker = Self(value: .refusedByBreaker)
        /// As many commands or bytes as allowed are under way: this one was not sent.
        public static let overloaded = Self(value: .overloaded)
        /// The server's bytes are not RESP, or exceed the limits; the connection is closed.
        public static let protocolViolation = Self(value: .protocolViolation)
        /// The task that waited for the answer was cancelled.
        public static let cancelled = Self(value: .cancelled)
        /// The command has no name, or is larger than everything that may be under way.
        public static let invalidCommand = Self(value: .invalidCommand)
        /// The URL or the TLS files can't be used.
        public static let invalidConfiguration = Self(value: .invalidConfiguration)

        /// The name of the case.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it is.
    public let code: Code
    /// The kind of Redis's own error, with ``Code/server``.
    public let serverCode: RedisServerCode?
    /// One sentence for an operator's log; Redis's own words with ``Code/server``.
    public let message: String
    /// What lies beneath, such as an error of the socket or of TLS.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, serverCode: RedisServerCode? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.serverCode = serverCode
        self.message = message
        self.cause = cause
    }

    /// Makes an error of what Redis answered.
    init(serverMessage message: String) {
        self.init(.server, message, serverCode: RedisServerCode(ofMessage: message))
    }

    /// Whether Redis may have carried out the command: false only where it is certain that it was not.
    ///
    /// An error of Redis itself counts as certain: it says that the command was refused. Only a script may have done a
    /// part of its work before.
    public var mayHaveRun: Bool {
        [.connectionLost, .deadlineExceeded, .protocolViolation, .cancelled, .closed].contains(code)
    }

    /// The kind and the sentence.
    public var description: String {
        let reason = cause.map { " (\($0))" } ?? ""
        return "\(code): \(message)\(reason)"
    }
}
