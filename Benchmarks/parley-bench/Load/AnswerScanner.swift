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
        guard let end = Self.endOfHead(head) else { return nil }
        let bodyBytes = head.count - end
        let lines = String(decoding: head[..<end], as: UTF8.self).split(separator: "\r\n")
        head.removeAll(keepingCapacity: true)
        let length = lines.lazy
            .map { $0.split(separator: ":", maxSplits: 1) }
            .first { $0[0].lowercased() == "content-length" }
            .flatMap { Int($0[1].drop { $0 == " " }) }
        guard let length, let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw .head(lines.joined(separator: "\n"))
        }
        self.status = status
        return finish(length - bodyBytes)
    }

    private mutating func finish(_ missing: Int) -> Int? {
        missingBodyBytes = missing > 0 ? missing : nil
        return missing > 0 ? nil : status
    }

    /// The index behind the empty line.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        let (cr, lf) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        return bytes.indices.dropFirst(3).first { last in
            bytes[last] == lf && bytes[last - 1] == cr && bytes[last - 2] == lf && bytes[last - 3] == cr
        }.map { $0 + 1 }
    }
}
