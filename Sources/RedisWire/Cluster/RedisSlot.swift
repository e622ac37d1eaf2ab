/// One of the 16 384 parts into which a cluster divides all keys; each belongs to one master.
///
/// Keys with the same text between their first `{` and the first `}` behind it are of one slot, if there is any text: only
/// that is hashed. A command or a script may use keys of one slot only.
public struct RedisSlot: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How many there are.
    public static let count = 16_384

    /// From 0 to 16 383.
    public let number: Int

    /// Makes a slot of its number; `nil` where there is none of that number.
    public init?(_ number: Int) {
        guard 0..<Self.count ~= number else { return nil }
        self.number = number
    }

    /// The slot of a key.
    public init(ofKey key: RedisArgument) {
        number = key.withBytes { bytes in Int(Self.checksum(Self.hashed(bytes))) % Self.count }
    }

    /// The number.
    public var description: String { "\(number)" }

    /// By their numbers.
    public static func < (one: Self, other: Self) -> Bool { one.number < other.number }

    /// What of a key decides.
    private static func hashed(_ key: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return key[...] }
        let behind = key[(open + 1)...]
        guard let close = behind.firstIndex(of: UInt8(ascii: "}")), close > behind.startIndex else { return key[...] }
        return behind[..<close]
    }

    /// CRC-16/XMODEM: the polynomial 0x1021, from 0, nothing reflected.
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
        bytes.reduce(0) { sum, byte in sum << 8 ^ table[Int(UInt8(sum >> 8) ^ byte)] }
    }

    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte) << 8) { sum, _ in sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
    }
}
