import NIOCore

/// Frames of a client, made once and sent many times.
///
/// The masking key is 0, so that the payload stands as it is: RFC 6455 (section 5.3) wants keys that can't be foreseen for
/// what runs in browsers, and no server may mind.
enum MaskedFrame {
    static func text(_ payload: String) -> ByteBuffer { frame(0x1, payload) }

    static func binary(_ payload: String) -> ByteBuffer { frame(0x2, payload) }

    static func pong(_ payload: String) -> ByteBuffer { frame(0xA, payload) }

    private static func frame(_ opcode: UInt8, _ payload: String) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(0x80 | opcode)
        let count = payload.utf8.count
        if count < 126 {
            bytes.writeInteger(0x80 | UInt8(count))
        } else {
            bytes.writeInteger(0x80 | UInt8(126))
            bytes.writeInteger(UInt16(count))
        }
        bytes.writeInteger(UInt32(0))
        bytes.writeString(payload)
        return bytes
    }
}
