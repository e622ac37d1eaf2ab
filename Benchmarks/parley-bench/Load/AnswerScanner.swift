import NIOCore

/// Finds the end of each answer on a connection: as much of HTTP/1.1 as our own servers' answers with a `Content-Length`
/// need, and no more, so that the client costs little beside what it measures.
struct AnswerScanner {
    private var head: [UInt8] = []
    private var status = 0
    private var missingBodyBytes: Int?

    /// Takes what has arrived; returns the status of the answer that it completes.
    mutating func scan(_ arrived: ByteBuffer) throws(LoadError) -> Int? {
        guard let missing = missingBodyBytes else { return try scanHead(arrived) }
        return finish(missing - arrived.readableBytes)
    }

    private mutating func scanHead(_ arrived: ByteBuffer) throws(LoadError) -> Int? {
        head.append(contentsOf: arrived.readableBytesView)
        guard let end = Self.end(of: "\r\n\r\n", in: head[...]) else { return nil }
        guard let name = Self.end(of: "\r\ncontent-length: ", in: head[..<end]),
            let status = Self.number(in: head[..<end].dropFirst("HTTP/1.1 ".utf8.count)),
            let length = Self.number(in: head[name..<end])
        else { throw .head(String(decoding: head[..<end], as: UTF8.self)) }
        self.status = status
        let bodyBytes = head.count - end
        head.removeAll(keepingCapacity: true)
        return finish(length - bodyBytes)
    }

    private mutating func finish(_ missing: Int) -> Int? {
        missingBodyBytes = missing > 0 ? missing : nil
        return missing > 0 ? nil : status
    }

    /// The index behind the first occurrence of `pattern`, which is in lower case; `bytes` may be in either.
    private static func end(of pattern: StaticString, in bytes: ArraySlice<UInt8>) -> Int? {
        let pattern = UnsafeBufferPointer(start: pattern.utf8Start, count: pattern.utf8CodeUnitCount)
        return bytes.withUnsafeBufferPointer { text in
            var matched = 0
            for index in text.indices {
                let byte = text[index]
                // A pattern's first byte stands nowhere else in it but doubled, as \r\n\r\n, so nothing is missed.
                if byte | (byte >= 0x41 ? 0x20 : 0) == pattern[matched] {
                    matched += 1
                } else {
                    matched = byte == pattern[0] ? 1 : 0
                }
                if matched == pattern.count { return bytes.startIndex + index + 1 }
            }
            return nil
        }
    }

    /// The decimal number at the start of `bytes`.
    private static func number(in bytes: ArraySlice<UInt8>) -> Int? {
        let digits = bytes.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        guard !digits.isEmpty, digits.count < 12 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
