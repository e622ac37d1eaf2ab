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
        // Of bytes in a row, as nearly every string has them, at a tenth of the cost.
        let value = text.utf8.withContiguousStorageIfAvailable { UUIDText.parse($0) } ?? UUIDText.parse(text.utf8)
        guard let value else { return nil }
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

    static func parse(_ text: some Sequence<UInt8>) -> (high: UInt64, low: UInt64)? {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var position = 0
        for byte in text {
            switch position {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return nil }
            case ..<length:
                guard let digit = hexDigit(byte) else { return nil }
                if position < 18 { high = high << 4 | digit } else { low = low << 4 | digit }
            default: return nil
            }
            position += 1
        }
        return position == length ? (high, low) : nil
    }

    /// Writes the 36 bytes: 8, 4 and 4 digits of the first half, 4 and 12 of the second.
    static func write(high: UInt64, low: UInt64, into buffer: UnsafeMutableBufferPointer<UInt8>) {
        writeDigits(of: high >> 32, into: buffer, 0..<8)
        writeDigits(of: high >> 16, into: buffer, 9..<13)
        writeDigits(of: high, into: buffer, 14..<18)
        writeDigits(of: low >> 48, into: buffer, 19..<23)
        writeDigits(of: low, into: buffer, 24..<36)
        for position in stride(from: 8, through: 23, by: 5) { buffer[position] = UInt8(ascii: "-") }
    }

    /// Writes a value's last digits, as many as there are positions.
    private static func writeDigits(
        of value: UInt64,
        into buffer: UnsafeMutableBufferPointer<UInt8>,
        _ positions: Range<Int>
    ) {
        var rest = value
        for position in positions.reversed() {
            let digit = UInt8(truncatingIfNeeded: rest) & 0xF
            buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            rest >>= 4
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
