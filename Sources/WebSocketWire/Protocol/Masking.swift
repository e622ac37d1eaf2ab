internal import NIOCore

/// The XOR of RFC 6455, section 5.3, eight bytes at a time: masks, and takes the mask off.
enum Masking {
    /// The key is the four bytes in the order of the wire, the first in the highest bits.
    static func apply(_ key: UInt32, to bytes: UnsafeMutableRawBufferPointer) {
        guard key != 0, let start = bytes.baseAddress else { return }
        let inMemory = key.bigEndian
        let wide = UInt64(inMemory) << 32 | UInt64(inMemory)
        var offset = 0
        let whole = bytes.count & ~7
        while offset < whole {
            let word = start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            start.storeBytes(of: word ^ wide, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < bytes.count {
            let byte = start.load(fromByteOffset: offset, as: UInt8.self)
            let shift = UInt32(24 - 8 * (offset & 3))
            start.storeBytes(of: byte ^ UInt8(truncatingIfNeeded: key >> shift), toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
    }
}

extension ByteBuffer {
    /// Applies a masking key to all readable bytes, the first of which is the payload's first.
    mutating func applyMask(_ key: UInt32) {
        withUnsafeMutableReadableBytes { Masking.apply(key, to: $0) }
    }
}
