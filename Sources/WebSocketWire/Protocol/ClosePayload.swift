internal import NIOCore

/// What a Close frame holds (RFC 6455, section 5.5.1): nothing, or a code and a reason.
struct ClosePayload: Equatable {
    /// Nil when the frame holds nothing.
    let code: WebSocketCloseCode?
    let reason: String

    init(code: WebSocketCloseCode?, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// Reads the payload of a Close frame.
    init(_ payload: ByteBuffer) throws(WebSocketViolation) {
        var payload = payload
        guard payload.readableBytes > 0 else {
            self.init(code: nil)
            return
        }
        guard let number = payload.readInteger(as: UInt16.self) else { throw .closeLength }
        let code = WebSocketCloseCode(rawValue: number)
        guard code.mayBeSent else { throw .closeCode }
        guard let reason = String(validating: payload.readableBytesView, as: UTF8.self) else {
            throw .closeReasonNotUTF8
        }
        self.init(code: code, reason: reason)
    }

    /// The payload's bytes; a reason longer than 123 bytes is cut after a whole scalar, for a control frame takes no more.
    func bytes() -> ByteBuffer {
        guard let code else { return ByteBuffer() }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(2 + min(reason.utf8.count, 123))
        bytes.writeInteger(code.rawValue)
        var room = 123
        for scalar in reason.unicodeScalars {
            let utf8 = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            guard utf8.count <= room else { break }
            room -= utf8.count
            bytes.writeBytes(utf8)
        }
        return bytes
    }
}
