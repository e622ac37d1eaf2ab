/// Tells whether bytes that come in pieces are UTF-8, and says no at the first byte that can't be right.
///
/// By the table of well-formed sequences of the Unicode standard (table 3-7): no overlong forms, no surrogates, nothing
/// above U+10FFFF. Runs of ASCII are passed eight bytes at a time.
struct UTF8Validator: Equatable {
    /// Continuation bytes that the present character still lacks.
    private var missing: UInt8 = 0
    /// Between which the next continuation byte must lie; narrower than 80…BF only after E0, ED, F0 and F4.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    /// Whether no character is cut off.
    var isComplete: Bool { missing == 0 }

    /// False when these bytes can't follow those before; the validator must not be used after that.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        var at = start
        let end = start + bytes.count
        var missing = self.missing
        var low = self.low
        var high = self.high
        while at < end {
            if missing == 0 {
                while end - at >= 8, at.loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0 { at += 8 }
                if at == end { break }
            }
            let byte = at.load(as: UInt8.self)
            at += 1
            if missing > 0 {
                if byte < low || byte > high { return false }
                missing -= 1
                low = 0x80
                high = 0xBF
            } else if byte >= 0x80 {
                switch byte {
                case 0xC2...0xDF: missing = 1
                case 0xE0...0xEF:
                    missing = 2
                    if byte == 0xE0 { low = 0xA0 } else if byte == 0xED { high = 0x9F }
                case 0xF0...0xF4:
                    missing = 3
                    if byte == 0xF0 { low = 0x90 } else if byte == 0xF4 { high = 0x8F }
                default: return false
                }
            }
        }
        self.missing = missing
        self.low = low
        self.high = high
        return true
    }
}
