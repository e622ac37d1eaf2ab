internal import NIOCore

/// The streams of zlib that all sockets of an event loop share; made on first use.
struct LoopZlib {
    private var inflater: Inflater?
    /// By window size in bits: clients may ask for a smaller one.
    private var deflaters: [Int: Deflater] = [:]

    mutating func inflate(_ message: ByteBuffer, limit: Int) throws(WebSocketViolation) -> ByteBuffer {
        if inflater == nil { inflater = Inflater() }
        guard let inflater else { throw WebSocketViolation(code: .internalError, message: "out of memory") }
        return try inflater.inflate(message, limit: limit)
    }

    /// Nil when zlib can't; the message is then sent as it is.
    mutating func deflate(_ message: ByteBuffer, windowBits: Int, level: Int) -> ByteBuffer? {
        if let known = deflaters[windowBits] { return known.deflate(message) }
        guard let made = Deflater(windowBits: windowBits, level: level) else { return nil }
        deflaters[windowBits] = made
        return made.deflate(message)
    }
}
