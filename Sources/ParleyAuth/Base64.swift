/// Base64 without padding (RFC 4648), in the two alphabets that are needed here.
///
/// Decoding takes the one canonical form of each byte string: no padding, no white space, and zero in the bits that the
/// last character has left over. Otherwise one signed token would have several spellings.
struct Base64: Sendable {
    /// The URL-safe alphabet of tokens.
    static let url = Base64(last: (UInt8(ascii: "-"), UInt8(ascii: "_")))
    /// The standard alphabet, which PHC strings use.
    static let standard = Base64(last: (UInt8(ascii: "+"), UInt8(ascii: "/")))

    private let last: (UInt8, UInt8)

    func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(character(of: pending >> bits & 0x3F))
            }
        }
        if bits > 0 { text.append(character(of: pending << (6 - bits) & 0x3F)) }
        return String(decoding: text, as: UTF8.self)
    }

    func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for character in text {
            guard let value = value(of: character) else { return nil }
            pending = pending << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
            }
        }
        // Six bits left over are a character that carries no byte; fewer must be zero.
        guard bits < 6, pending & ((1 << bits) - 1) == 0 else { return nil }
        return bytes
    }

    private func character(of value: UInt32) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + UInt8(value)
        case 26..<52: UInt8(ascii: "a") + UInt8(value - 26)
        case 52..<62: UInt8(ascii: "0") + UInt8(value - 52)
        case 62: last.0
        default: last.1
        }
    }

    private func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case last.0: 62
        case last.1: 63
        default: nil
        }
    }
}
