public import NIOCore

/// What Redis answered, or an element of it: a place in the bytes that came.
///
/// Nothing is copied until somebody asks for it. As long as a reply or a slice of it is kept, so is the buffer in which
/// it came: copy what is kept for long.
public struct RedisReply: Sendable {
    /// The bytes of the whole reply.
    let bytes: ByteBuffer
    private let node: RESPNode
    /// The index of the first element in `nodes`, when this is an aggregate.
    private let firstChild: Int
    private let nodes: [RESPNode]

    init(bytes: ByteBuffer, node: RESPNode, firstChild: Int, nodes: [RESPNode]) {
        self.bytes = bytes
        self.node = node
        self.firstChild = firstChild
        self.nodes = nodes
    }

    /// What it is.
    public var kind: RedisKind { node.kind }

    /// Whether it is nothing.
    public var isNull: Bool { kind == .null }

    /// The whole number, when it is one; also one that came as text, as many commands answer.
    public var integer: Int64? {
        kind.isAggregate || isNull ? nil : withText(RESPNumber.integer)
    }

    /// The number, when it is one; also one that came as text, as RESP2 does.
    public var double: Double? {
        kind.isAggregate || isNull ? nil : withText(RESPNumber.double)
    }

    /// True or false, when it is one of them, or 1 or 0, as RESP2 writes them.
    public var boolean: Bool? {
        switch kind {
        case .boolean: withText { $0.first == UInt8(ascii: "t") }
        case .integer:
            switch integer {
            case 0: false
            case 1: true
            default: nil
            }
        default: nil
        }
    }

    /// The text as bytes: of strings, numbers and errors.
    public var buffer: ByteBuffer? {
        guard !kind.isAggregate, !isNull else { return nil }
        return bytes.getSlice(at: bytes.readerIndex + node.text.lowerBound, length: node.text.count)
    }

    /// The text: of strings, numbers and errors; what is no UTF-8 in it is replaced.
    public var string: String? {
        guard !kind.isAggregate, !isNull else { return nil }
        return withText { String(decoding: $0, as: UTF8.self) }
    }

    /// The server's error, when it is one.
    public var error: RedisError? {
        guard kind == .error, let string else { return nil }
        return RedisError(serverMessage: string)
    }

    /// The replies in an aggregate, a map's keys and values by turns; none for everything else.
    public var elements: RedisElements {
        RedisElements(
            bytes: bytes,
            nodes: nodes,
            indices: kind.isAggregate ? firstChild..<Int(node.start) : 0..<0,
            count: kind.isAggregate ? Int(node.length) : 0
        )
    }

    /// The elements as bytes without a copy, when this is an array or set of bulk strings and nothing else.
    public var bulkStrings: RedisBulkStrings? {
        guard kind == .array || kind == .set else { return nil }
        let children = firstChild..<Int(node.start)
        guard nodes[children].allSatisfy({ $0.kind == .bulkString }) else { return nil }
        return RedisBulkStrings(bytes: bytes, nodes: nodes[children])
    }

    /// Gives access to the text without a copy; the pointer must not leave `body`.
    ///
    /// It is empty for null and for aggregates.
    public func withText<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        guard !kind.isAggregate, !isNull else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return try bytes.withUnsafeReadableBytes { try body(UnsafeRawBufferPointer(rebasing: $0[node.text])) }
    }
}
