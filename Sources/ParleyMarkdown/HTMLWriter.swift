/// Writes HTML into bytes: mark-up that is a literal of this program, and text, which is escaped.
struct HTMLWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Mark-up of our own; a `StaticString`, so that nothing of a text can get here.
    mutating func markup(_ markup: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: markup.utf8Start, count: markup.utf8CodeUnitCount))
    }

    mutating func integer(_ value: Int) {
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Text, safe between tags and between double quotation marks.
    mutating func text(_ text: some Collection<UInt8>) {
        let isShown: Void? = text.withContiguousStorageIfAvailable { escape($0) }
        if isShown == nil { Array(text).withUnsafeBufferPointer { escape($0) } }
    }

    /// What cmark-gfm holds as C strings.
    mutating func text(_ text: UnsafePointer<CChar>?) {
        guard let text else { return }
        text.withMemoryRebound(to: UInt8.self, capacity: 1) { start in
            var count = 0
            while start[count] != 0 { count += 1 }
            escape(UnsafeBufferPointer(start: start, count: count))
        }
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        // Runs without an escape are copied whole.
        var start = 0
        for index in text.indices {
            let escaped: StaticString
            switch text[index] {
            case UInt8(ascii: "<"): escaped = "&lt;"
            case UInt8(ascii: ">"): escaped = "&gt;"
            case UInt8(ascii: "&"): escaped = "&amp;"
            case UInt8(ascii: "\""): escaped = "&quot;"
            case UInt8(ascii: "'"): escaped = "&#39;"
            default: continue
            }
            bytes.append(contentsOf: text[start..<index])
            markup(escaped)
            start = index + 1
        }
        bytes.append(contentsOf: text[start...])
    }
}
