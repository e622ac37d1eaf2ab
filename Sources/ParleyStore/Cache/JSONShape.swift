/// Sees whether bytes have the shape of a JSON object, without making values of them.
enum JSONShape {
    /// Where an object that begins at `start` is closed; `nil` where it is not, or where brackets or strings don't fit.
    ///
    /// More than 128 levels are no shape; what a message may hold has 64.
    static func endOfObject(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        // What closes the brackets that are open, the innermost last: a bit each, 1 for a brace.
        var closers: UInt128 = 0
        var depth = 0
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < UInt128.bitWidth else { return nil }
                closers = closers << 1 | (bytes[index] == UInt8(ascii: "{") ? 1 : 0)
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0, closers & 1 == (bytes[index] == UInt8(ascii: "}") ? 1 : 0) else { return nil }
                closers >>= 1
                depth -= 1
                if depth == 0 { return index }
            case UInt8(ascii: "\""):
                guard let end = endOfString(in: bytes, from: index + 1) else { return nil }
                index = end
            // Numbers, words and what stands between values; the writer puts no space anywhere.
            case 0x2B, 0x2C, 0x2D, 0x2E, 0x30...0x3A, 0x41...0x5A, 0x61...0x7A: break
            default: return nil
            }
            index += 1
        }
        return nil
    }

    private static func endOfString(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            // Most text has nothing to look at: eight bytes are passed over together.
            if index + 8 <= bytes.count,
                isPlain(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            {
                index += 8
                continue
            }
            switch bytes[index] {
            case UInt8(ascii: "\""): return index
            case UInt8(ascii: "\\"): index += 2
            case 0..<0x20: return nil
            default: index += 1
            }
        }
        return nil
    }

    /// Whether none of eight bytes is a quote, a backslash or a control character; as in ``JSONWriter``.
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ ones &* 0x22
        let backslashes = word ^ ones &* 0x5C
        let found =
            (word &- ones &* 0x20) & ~word | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return found & 0x8080_8080_8080_8080 == 0
    }
}
