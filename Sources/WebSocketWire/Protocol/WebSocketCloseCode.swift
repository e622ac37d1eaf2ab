/// The number in a Close frame (RFC 6455, section 7.4).
public struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number as it stands on the wire.
    public let rawValue: UInt16

    /// Takes any number; see ``mayBeSent``.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The purpose of the connection is fulfilled.
    public static let normal = Self(rawValue: 1000)
    /// The server shuts down, or the page is left.
    public static let goingAway = Self(rawValue: 1001)
    /// The other end broke the protocol.
    public static let protocolError = Self(rawValue: 1002)
    /// A kind of message that isn't taken, such as binary where only text is.
    public static let unacceptableData = Self(rawValue: 1003)
    /// A message's bytes don't fit its kind, such as text that isn't UTF-8.
    public static let invalidPayload = Self(rawValue: 1007)
    /// A message breaks a rule of the application.
    public static let policyViolation = Self(rawValue: 1008)
    /// A message is larger than what is taken.
    public static let messageTooBig = Self(rawValue: 1009)
    /// The client needs an extension that the server didn't grant.
    public static let missingExtension = Self(rawValue: 1010)
    /// The server failed.
    public static let internalError = Self(rawValue: 1011)
    /// A code of this library's own: the other end took nothing for too long.
    public static let tooSlow = Self(rawValue: 4008)

    /// Whether the number may stand in a Close frame: 1000–1003, 1007–1011, 3000–4999.
    ///
    /// 1005, 1006 and 1015 are names for what happened without a Close frame, and the rest is not assigned by RFC 6455.
    public var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1011, 3000...4999: true
        default: false
        }
    }

    /// The number.
    public var description: String { String(rawValue) }
}
