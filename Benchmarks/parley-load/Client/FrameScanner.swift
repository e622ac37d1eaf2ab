import NIOCore

/// Finds a server's frames in what arrives: whole ones, not masked, as servers send them; and copies nothing but what is cut.
struct FrameScanner {
    // A frame whose end has not arrived.
    private var rest: ByteBuffer?

    /// Takes what has arrived, and calls `body` with the opcode and the payload of each frame that is complete.
    mutating func scan(
        _ arrived: ByteBuffer,
        _ body: (UInt8, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var bytes = arrived
        if var rest = rest.take() {
            rest.writeBuffer(&bytes)
            bytes = rest
        }
        let taken = try bytes.withUnsafeReadableBytes { bytes in
            var place = 0
            while let frame = try Self.frame(at: place, in: bytes) {
                try body(frame.opcode, UnsafeRawBufferPointer(rebasing: bytes[frame.payload]))
                place = frame.payload.upperBound
            }
            return place
        }
        bytes.moveReaderIndex(forwardBy: taken)
        if bytes.readableBytes > 0 { rest = bytes }
    }

    private static func frame(
        at place: Int,
        in bytes: UnsafeRawBufferPointer
    ) throws -> (opcode: UInt8, payload: Range<Int>)? {
        guard bytes.count - place >= 2 else { return nil }
        let (first, second) = (bytes[place], bytes[place + 1])
        guard first & 0xF0 == 0x80, second & 0x80 == 0 else {
            throw LoadFailure.unreadable("a frame that begins with \(first), \(second)")
        }
        let head: Int
        var length = Int(second)
        switch length {
        case 126:
            head = 4
            guard bytes.count - place >= head else { return nil }
            length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
        case 127:
            head = 10
            guard bytes.count - place >= head else { return nil }
            length = (2..<10).reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
        default: head = 2
        }
        guard bytes.count - place - head >= length else { return nil }
        return (first & 0x0F, place + head..<place + head + length)
    }
}
