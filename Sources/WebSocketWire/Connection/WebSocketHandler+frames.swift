internal import NIOCore

extension WebSocketHandler {
    /// A message's frame as this end sends it.
    func frame(of message: PreparedMessage) -> ByteBuffer {
        let compressed = compressedFrame(of: message)
        guard role == .client else { return compressed ?? message.plain }
        var payload = message.payload
        if var compressed {
            compressed.moveReaderIndex(
                forwardBy: FrameWriter.headBytes(ofUnmasked: compressed.readableBytes)
            )
            payload = compressed
        }
        return FrameWriter.frame(
            message.isText ? .text : .binary,
            compressed: compressed != nil,
            maskingKey: loop.makeMaskingKey(),
            payload: payload
        )
    }

    private func compressedFrame(of message: PreparedMessage) -> ByteBuffer? {
        let settings = loop.configuration.deflate
        guard let deflate, message.payloadBytes >= settings.minimumBytes else { return nil }
        return message.deflatedFrame(windowBits: deflate.windowBits) { payload in
            loop.zlib.deflate(payload, windowBits: deflate.windowBits, level: settings.level)
        }
    }

    /// A control frame as this end sends it.
    func control(_ opcode: Opcode, _ payload: ByteBuffer) -> ByteBuffer {
        FrameWriter.frame(opcode, maskingKey: role == .client ? loop.makeMaskingKey() : nil, payload: payload)
    }
}
