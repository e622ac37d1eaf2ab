import NIOCore

/// Finds messages in what a NATS server sends: as much of its text protocol as a subscriber needs.
///
/// A WebSocket frame of NATS may hold several messages, or a part of one.
struct NATSScanner {
    /// What the server said.
    enum Word {
        /// `INFO`: it is there.
        case hello
        /// The answer to our `PING`: what was sent before it holds.
        case pong
        /// `PING`: it wants an answer.
        case ping
        /// A message for a subscription of ours.
        case message(payload: UnsafeRawBufferPointer)
        /// It does not like what we sent.
        case complaint(String)
    }

    private var rest: [UInt8] = []

    mutating func scan(_ arrived: UnsafeRawBufferPointer, _ body: (Word) throws -> Void) throws {
        if rest.isEmpty {
            let taken = try Self.words(in: arrived, body)
            if taken < arrived.count { rest = Array(arrived[taken...]) }
        } else {
            rest.append(contentsOf: arrived)
            let taken = try rest.withUnsafeBytes { try Self.words(in: $0, body) }
            rest.removeFirst(taken)
        }
    }

    /// Returns how many bytes were understood.
    private static func words(in bytes: UnsafeRawBufferPointer, _ body: (Word) throws -> Void) throws -> Int {
        var place = 0
        while let end = bytes[place...].firstIndex(of: 0x0A) {
            let line = UnsafeRawBufferPointer(rebasing: bytes[place...end])
            if line.has("MSG ", at: 0) {
                // The last word is the payload's length; behind the payload stands another CR LF.
                var (length, factor, digit) = (0, 1, line.count - 3)
                while digit > 0, line[digit] != 0x20 {
                    length += Int(line[digit] &- 0x30) * factor
                    factor *= 10
                    digit -= 1
                }
                guard bytes.count >= end + 1 + length + 2 else { return place }
                try body(.message(payload: UnsafeRawBufferPointer(rebasing: bytes[end + 1..<end + 1 + length])))
                place = end + 1 + length + 2
                continue
            }
            if line.has("PING", at: 0) {
                try body(.ping)
            } else if line.has("PONG", at: 0) {
                try body(.pong)
            } else if line.has("INFO", at: 0) {
                try body(.hello)
            } else if !line.has("+OK", at: 0) {
                try body(.complaint(line.text))
            }
            place = end + 1
        }
        return place
    }
}
