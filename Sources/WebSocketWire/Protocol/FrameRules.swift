/// What a frame's first bytes say.
struct FrameHead: Equatable {
    var isFinal: Bool
    /// The bit that permessage-deflate uses: the message is compressed.
    var rsv1: Bool
    var rsv2: Bool
    var rsv3: Bool
    var opcode: UInt8
    var isMasked: Bool
    /// Bytes of payload.
    var length: Int
}

/// What may stand in a frame's head, by RFC 6455 (section 5) and RFC 7692 (section 6), whatever came before it.
struct FrameRules {
    /// Who sent the frame.
    let sender: WebSocketRole
    /// Whether permessage-deflate was agreed on.
    let takesCompressed: Bool

    /// The opcode, once the head is found to be in order.
    func check(_ head: FrameHead) throws(WebSocketViolation) -> Opcode {
        if head.rsv2 || head.rsv3 || (head.rsv1 && !takesCompressed) { throw .reservedBits }
        guard let opcode = Opcode(rawValue: head.opcode) else { throw .reservedOpcode }
        if sender == .client && !head.isMasked { throw .unmasked }
        if sender == .server && head.isMasked { throw .masked }
        if opcode.isControl {
            if !head.isFinal { throw .fragmentedControl }
            if head.length > 125 { throw .longControl }
            if head.rsv1 { throw .compressedControl }
        } else if head.rsv1 && opcode == .continuation {
            throw .compressedContinuation
        }
        return opcode
    }
}
