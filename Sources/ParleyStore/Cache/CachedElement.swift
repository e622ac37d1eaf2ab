import ParleyCore

/// An element of an entry: `{"rev":41,"tag":"00f1…","seq":7,"message":{…}}`, in just this form.
///
/// `rev` and `tag` are those of the conversation when the element was made, `message` is as it goes over the wire.
enum CachedElement {
    /// Makes an element around a message's bytes.
    static func encode(_ header: CachedHeader, message: some Collection<UInt8>) -> [UInt8] {
        var element = Array(
            "{\"rev\":\(header.revision),\"tag\":\"\(header.tag.text)\",\"seq\":\(header.seq),\"message\":".utf8
        )
        element.reserveCapacity(element.count + message.count + 1)
        element += message
        element.append(UInt8(ascii: "}"))
        return element
    }

    /// Reads what is said of a message that must be of a conversation, by its id's text, and where its bytes lie.
    ///
    /// Strict, though it makes no values: the members in our order and spelling, the message of this conversation and with the
    /// same `seq`, and all of it one closed object. What somebody put there by mistake, or a part of what we put there, never
    /// passes. Against one who writes whole elements with the right tag nothing helps but Redis's password.
    static func parse(
        _ bytes: UnsafeRawBufferPointer,
        of conversation: String
    ) -> (header: CachedHeader, message: Range<Int>)? {
        var cursor = ByteCursor(bytes)
        guard cursor.take("{\"rev\":"), let revision = cursor.takeNumber(), cursor.take(",\"tag\":\""),
            let tag = cursor.takeTag(), cursor.take("\",\"seq\":"), let seq = cursor.takeNumber(),
            cursor.take(",\"message\":")
        else { return nil }
        let start = cursor.position
        guard cursor.take("{\"id\":\""), cursor.skip(36), cursor.take("\",\"conversation_id\":\""),
            cursor.take(conversation), cursor.take("\",\"project_id\":\""), cursor.skip(36),
            cursor.take("\",\"seq\":"), cursor.takeNumber() == seq, cursor.take(",\"revision\":"),
            cursor.takeNumber() != nil, cursor.take(",\"role\":\"")
        else { return nil }
        guard JSONShape.endOfObject(in: bytes, from: start) == bytes.count - 2,
            bytes[bytes.count - 1] == UInt8(ascii: "}")
        else { return nil }
        return (CachedHeader(revision: revision, tag: tag, seq: seq), start..<bytes.count - 1)
    }
}

extension LogTag {
    /// 16 hexadecimal digits: the numbers of Lua and of JavaScript can't hold 64 bits.
    package var text: String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Goes through bytes that should have a certain form.
private struct ByteCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func take(_ text: StaticString) -> Bool {
        take(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func take(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { take(UnsafeRawBufferPointer($0)) }
    }

    private mutating func take(_ text: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count - position >= text.count,
            bytes[position..<position + text.count].elementsEqual(text)
        else { return false }
        position += text.count
        return true
    }

    mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - position >= count else { return false }
        position += count
        return true
    }

    /// A whole number from 1 on, of at most 15 digits, which doubles hold exactly.
    mutating func takeNumber() -> Int? {
        var value = 0
        let start = position
        while position < bytes.count, case let digit = Int(bytes[position]) - 48, 0...9 ~= digit {
            guard position - start < 15, position > start || digit > 0 else { return nil }
            value = value * 10 + digit
            position += 1
        }
        return position > start ? value : nil
    }

    mutating func takeTag() -> LogTag? {
        guard bytes.count - position >= 16 else { return nil }
        var value: UInt64 = 0
        for byte in bytes[position..<position + 16] {
            switch byte {
            case 48...57: value = value << 4 | UInt64(byte - 48)
            case 97...102: value = value << 4 | UInt64(byte - 87)
            default: return nil
            }
        }
        position += 16
        return LogTag(bits: value)
    }
}
