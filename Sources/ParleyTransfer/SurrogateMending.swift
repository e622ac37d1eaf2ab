internal import ParleyCore

extension JSON {
    /// Parses a text that another program wrote: half of a surrogate pair, which JavaScript writes where a text was cut
    /// within an emoji, becomes U+FFFD; all else is as strict as ever.
    init(mending bytes: [UInt8]) throws(JSONSyntaxError) {
        do {
            try self.init(parsing: bytes)
        } catch {
            guard let mended = Self.mendingSurrogates(bytes) else { throw error }
            try self.init(parsing: mended)
        }
    }

    /// The text with `\ufffd` in place of each escaped half without its other one; `nil` where there is none.
    private static func mendingSurrogates(_ bytes: [UInt8]) -> [UInt8]? {
        var mended = bytes
        var isMended = false
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            guard let unit = unit(at: index, in: bytes) else {
                // Another escape, such as that of a backslash.
                index += 2
                continue
            }
            if 0xD800...0xDBFF ~= unit, let next = self.unit(at: index + 6, in: bytes), 0xDC00...0xDFFF ~= next {
                index += 12
                continue
            }
            if 0xD800...0xDFFF ~= unit {
                mended.replaceSubrange(index + 2..<index + 6, with: "fffd".utf8)
                isMended = true
            }
            index += 6
        }
        return isMended ? mended : nil
    }

    /// The code unit that is escaped at a place as `\uXXXX`.
    private static func unit(at index: Int, in bytes: [UInt8]) -> UInt16? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        let digits = bytes[index + 2..<index + 6]
        guard digits.allSatisfy({ UInt8(ascii: "+") != $0 && UInt8(ascii: "-") != $0 }) else { return nil }
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
