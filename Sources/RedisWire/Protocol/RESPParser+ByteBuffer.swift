import NIOCore

extension RESPParser {
    /// Takes the next reply out of `buffer`; `nil` when it isn't there as a whole.
    ///
    /// Between two calls bytes may only be added to the buffer's end.
    mutating func next(from buffer: inout ByteBuffer) throws(RESPViolation) -> RedisReply? {
        guard buffer.readableBytes >= neededBytes else { return nil }
        let outcome = buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(RESPViolation) in try parse(bytes) }
        }
        guard let whole = try outcome.get(), let bytes = buffer.readSlice(length: whole.byteCount) else { return nil }
        return RedisReply(bytes: bytes, node: whole.root, firstChild: 0, nodes: whole.nodes)
    }
}
