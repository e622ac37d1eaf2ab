/// What a reply is.
public enum RedisKind: UInt8, Sendable {
    /// Nothing, in any of the three ways in which RESP writes it.
    case null
    /// A short text such as `OK`.
    case simpleString
    /// Bytes of any kind.
    case bulkString
    /// A text with a format.
    case verbatimString
    /// A whole number of 64 bits.
    case integer
    /// A floating-point number.
    case double
    /// True or false.
    case boolean
    /// A whole number of any size, as text.
    case bigNumber
    /// An error of the server.
    case error
    /// A sequence.
    case array
    /// Keys and values by turns.
    case map
    /// A sequence without order.
    case set
    /// Something nobody asked for on this connection, such as a message of pub/sub.
    case push

    /// Whether other replies are in it.
    var isAggregate: Bool { rawValue >= Self.array.rawValue }
}
