/// A UUID that knows what it names, so that a message's id can't be passed where a project's is meant.
///
/// The textual form is the lower-case one of RFC 9562, 36 characters. Parsing accepts upper case too and any UUID version;
/// what is written is always lower case.
public struct ID<Entity>: Hashable, Sendable {
    /// The first eight bytes, most significant first.
    public let high: UInt64
    /// The last eight bytes, most significant first.
    public let low: UInt64

    /// Makes an id from its 16 bytes, given as two big-endian halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the 36-character form; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        guard let value = UUIDText.parse(text.utf8) else { return nil }
        self.init(high: value.high, low: value.low)
    }
}

extension ID: Comparable {
    /// Orders ids as their bytes, which for version 7 is the order of their making.
    public static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.high, lhs.low) < (rhs.high, rhs.low)
    }
}

extension ID: CustomStringConvertible {
    /// The lower-case form, 36 characters.
    public var description: String {
        String(unsafeUninitializedCapacity: UUIDText.length) { buffer in
            UUIDText.write(high: high, low: low, into: buffer)
            return UUIDText.length
        }
    }
}

/// What a project's id names.
public typealias ProjectID = ID<Project>
/// What a conversation's id names.
public typealias ConversationID = ID<Conversation>
/// What a message's id names.
public typealias MessageID = ID<Message>

/// The textual form of a UUID (RFC 9562, section 4), apart from what the UUID names.
enum UUIDText {
    static let length = 36
    private static let hyphenPositions: [Int] = [8, 13, 18, 23]

    static func parse(_ text: some Sequence<UInt8>) -> (high: UInt64, low: UInt64)? {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var position = 0
        var digits = 0
        for byte in text {
            if hyphenPositions.contains(position) {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard position < length, let digit = hexDigit(byte) else { return nil }
                if digits < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
                digits += 1
            }
            position += 1
        }
        return position == length ? (high, low) : nil
    }

    static func write(high: UInt64, low: UInt64, into buffer: UnsafeMutableBufferPointer<UInt8>) {
        var digits = 0
        for position in 0..<length {
            if hyphenPositions.contains(position) {
                buffer[position] = UInt8(ascii: "-")
                continue
            }
            let half = digits < 16 ? high : low
            let nibble = UInt8(truncatingIfNeeded: half >> UInt64(60 - digits % 16 * 4)) & 0xF
            buffer[position] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
            digits += 1
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
