internal import CZlib
internal import NIOCore

/// Takes compressed messages apart (RFC 7692, section 7.2.2), up to a bound on what comes out.
final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    /// The empty block that the sender cut off.
    private static let tail = ByteBuffer(bytes: [0x00, 0x00, 0xFF, 0xFF])

    /// Nil when zlib gets no memory.
    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits read what was written with any window.
        guard czlib_inflate_init(stream, 15) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The message; one byte more than the limit and it is too big, however small it came.
    func inflate(_ message: ByteBuffer, limit: Int) throws(WebSocketViolation) -> ByteBuffer {
        var output = ByteBuffer()
        // Not what the standard makes of an empty message, but nobody takes it for anything else.
        if message.readableBytes == 0 { return output }
        guard inflateReset(stream) == Z_OK else { throw .badCompression }
        // A message may end with a block that says it is the last one; most senders then add an empty one, some don't.
        if try inflate(message, into: &output, limit: limit) { return output }
        let isWhole = try inflate(Self.tail, into: &output, limit: limit)
        // zlib's sign that it stands between two blocks: otherwise the message is cut off.
        guard isWhole || stream.pointee.data_type & 128 != 0 else { throw .badCompression }
        return output
    }

    /// True when the input ends with the last block of a stream.
    private func inflate(_ input: ByteBuffer, into output: inout ByteBuffer, limit: Int) throws(WebSocketViolation)
        -> Bool
    {
        var input = input
        while true {
            // One byte more than allowed shows that there is more; growing by what came keeps copies few.
            let room = min(max(512, input.readableBytes * 4, output.readableBytes), limit + 1 - output.readableBytes)
            let status = step(&input, into: &output, room: room)
            if output.readableBytes > limit { throw .messageTooBig }
            switch status {
            case Z_STREAM_END:
                // A block marked as the last one is allowed; whatever follows begins anew.
                guard inflateReset(stream) == Z_OK else { throw .badCompression }
                if input.readableBytes == 0 { return true }
            case Z_OK:
                if input.readableBytes == 0 && stream.pointee.avail_out > 0 { return false }
            case Z_BUF_ERROR:
                // Nothing to read and nothing left inside.
                if input.readableBytes == 0 { return false }
                throw .badCompression
            default: throw .badCompression
            }
        }
    }

    private func step(_ input: inout ByteBuffer, into output: inout ByteBuffer, room: Int) -> CInt {
        var status = Z_OK
        input.readWithUnsafeReadableBytes { bytes in
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            )
            stream.pointee.avail_in = UInt32(bytes.count)
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                // The buffer may have more room than was asked for; the bound is ours.
                stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(room)
                status = CZlib.inflate(stream, Z_SYNC_FLUSH)
                return room - Int(stream.pointee.avail_out)
            }
            return bytes.count - Int(stream.pointee.avail_in)
        }
        return status
    }
}
