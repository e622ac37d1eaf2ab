/// What one reply may cost; a server that exceeds it is hung up on.
///
/// No limit is reserved in advance: memory grows with the bytes that have really come.
public struct RESPLimits: Hashable, Sendable {
    /// The bytes of one whole reply.
    public var replyBytes: Int
    /// The bytes of one line: simple strings, errors, numbers and lengths.
    public var lineBytes: Int
    /// The elements of one reply, in all its levels together.
    public var elements: Int
    /// How deep arrays, maps and sets may lie in each other.
    public var depth: Int

    /// Makes limits.
    ///
    /// - Parameters:
    ///   - replyBytes: The bytes of one whole reply; at most 1 GiB.
    ///   - lineBytes: The bytes of one line.
    ///   - elements: The elements of one reply, in all levels together.
    ///   - depth: How deep aggregates may lie in each other.
    public init(
        replyBytes: Int = 64 * 1024 * 1024,
        lineBytes: Int = 64 * 1024,
        elements: Int = 1_000_000,
        depth: Int = 32
    ) {
        // Offsets into a reply are kept in 32 bits.
        self.replyBytes = min(replyBytes, 1024 * 1024 * 1024)
        self.lineBytes = lineBytes
        self.elements = min(elements, Int(Int32.max))
        self.depth = depth
    }
}
