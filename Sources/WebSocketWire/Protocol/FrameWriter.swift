internal import NIOCore

/// Writes whole frames; a message is always one frame.
enum FrameWriter {
    /// The frame; compressed is what permessage-deflate made of a payload, and a server has no masking key.
    static func frame(
        _ opcode: Opcode,
        compressed: Bool = false,
        maskingKey: UInt32? = nil,
        payload: ByteBuffer
    ) -> ByteBuffer {
        let length = payload.readableBytes
        var frame = ByteBuffer()
        frame.reserveCapacity(headBytes(length: length, isMasked: maskingKey != nil) + length)
        frame.writeInteger(0x80 | (compressed ? 0x40 : 0) | opcode.rawValue)
        let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
        switch length {
        case ...125: frame.writeInteger(maskBit | UInt8(length))
        case ...0xFFFF:
            frame.writeInteger(maskBit | 126)
            frame.writeInteger(UInt16(length))
        default:
            frame.writeInteger(maskBit | 127)
            frame.writeInteger(UInt64(length))
        }
        if let maskingKey { frame.writeInteger(maskingKey) }
        let payloadStart = frame.writerIndex
        frame.writeImmutableBuffer(payload)
        if let maskingKey {
            frame.withUnsafeMutableReadableBytes { bytes in
                Masking.apply(maskingKey, to: UnsafeMutableRawBufferPointer(rebasing: bytes[payloadStart...]))
            }
        }
        return frame
    }

    /// The bytes before the payload.
    static func headBytes(length: Int, isMasked: Bool) -> Int {
        let lengthBytes = length <= 125 ? 0 : length <= 0xFFFF ? 2 : 8
        return 2 + lengthBytes + (isMasked ? 4 : 0)
    }

    /// The same, of an unmasked frame that has so many bytes in all.
    static func headBytes(ofUnmasked total: Int) -> Int {
        total <= 2 + 125 ? 2 : total <= 4 + 0xFFFF ? 4 : 10
    }
}
