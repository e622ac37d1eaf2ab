public import NIOCore

/// A reply as a tree of its own: for what is small and looked at as a whole.
///
/// It copies everything; replies that are only passed on are better left as ``RedisReply``.
public indirect enum RedisValue: Hashable, Sendable {
    /// Nothing.
    case null
    /// A short text such as `OK`.
    case simpleString(String)
    /// Bytes of any kind.
    case bulkString(ByteBuffer)
    /// A text with a format.
    case verbatimString(String)
    /// A whole number.
    case integer(Int64)
    /// A floating-point number.
    case double(Double)
    /// True or false.
    case boolean(Bool)
    /// A whole number of any size, as text.
    case bigNumber(String)
    /// An error of the server.
    case error(String)
    /// A sequence.
    case array([RedisValue])
    /// Keys and values by turns, since keys may be of any kind and come twice.
    case map([RedisValue])
    /// A sequence without order.
    case set([RedisValue])
    /// Something nobody asked for.
    case push([RedisValue])

    /// Copies a reply.
    public init(_ reply: RedisReply) {
        let text = reply.string ?? ""
        // No deeper than the parser's limit of depth.
        let elements = reply.elements.map(RedisValue.init)
        self =
            switch reply.kind {
            case .null: .null
            case .simpleString: .simpleString(text)
            case .bulkString: .bulkString(reply.withText { ByteBuffer(bytes: $0) })
            case .verbatimString: .verbatimString(text)
            // The parser has seen to it that these are numbers.
            case .integer: .integer(reply.integer ?? 0)
            case .double: .double(reply.double ?? 0)
            case .boolean: .boolean(reply.boolean ?? false)
            case .bigNumber: .bigNumber(text)
            case .error: .error(text)
            case .array: .array(elements)
            case .map: .map(elements)
            case .set: .set(elements)
            case .push: .push(elements)
            }
    }
}
