import Foundation

extension UnsafeRawBufferPointer {
    /// Whether `text` stands at a place.
    func has(_ text: StaticString, at place: Int) -> Bool {
        guard let start = baseAddress, count >= place + text.utf8CodeUnitCount else { return false }
        return memcmp(start + place, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    /// The decimal number behind the first occurrence of `text`.
    func number(after text: StaticString) -> Int? {
        guard let start = baseAddress else { return nil }
        var place = 0
        while let found = memchr(start + place, Int32(text.utf8Start.pointee), count - place) {
            place = UnsafeRawPointer(found) - start
            if has(text, at: place) { return number(at: place + text.utf8CodeUnitCount) }
            place += 1
        }
        return nil
    }

    private func number(at place: Int) -> Int? {
        var (value, index) = (0, place)
        while index < count, index - place < 18 {
            let digit = self[index] &- 0x30
            guard digit < 10 else { break }
            value = value * 10 + Int(digit)
            index += 1
        }
        return index > place ? value : nil
    }

    /// The bytes as text, for saying what is wrong.
    var text: String { String(decoding: prefix(400), as: UTF8.self) }
}
