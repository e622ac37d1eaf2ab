internal import CZlib
internal import NIOCore

/// Compresses whole messages as permessage-deflate wants them (RFC 7692, section 7.2.1).
///
/// Keeps nothing between messages.
final class Deflater {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Nil when zlib gets no memory.
    init?(windowBits: Int, level: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 8 is zlib's own choice of memory: 128 KB for the table, and the window.
        guard czlib_deflate_init(stream, CInt(level), CInt(windowBits), 8) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The compressed message, without the empty block at its end that every one has.
    func deflate(_ message: ByteBuffer) -> ByteBuffer? {
        guard deflateReset(stream) == Z_OK else { return nil }
        var output = ByteBuffer()
        // deflateBound counts no flush; the marker of one is five bytes.
        let bound = Int(deflateBound(stream, UInt(message.readableBytes))) + 16
        let done = message.withUnsafeReadableBytes { input -> Bool in
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
                stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                )
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(room.count)
                guard CZlib.deflate(stream, Z_SYNC_FLUSH) == Z_OK, stream.pointee.avail_in == 0 else { return 0 }
                return room.count - Int(stream.pointee.avail_out)
            } > 4
        }
        guard done else { return nil }
        output.moveWriterIndex(to: output.writerIndex - 4)
        return output
    }
}
