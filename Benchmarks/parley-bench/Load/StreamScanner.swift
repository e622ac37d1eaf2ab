import NIOCore

/// What marks the first delta and the end of a stream of events.
struct StreamMarks: Sendable {
    /// Stands in the first delta, and nowhere before it.
    let first: [UInt8]
    /// Stands in the last event.
    let last: [UInt8]

    init(first: String, last: String) {
        self.first = Array(first.utf8)
        self.last = Array(last.utf8)
    }
}

/// Finds the first delta and the end of each streamed answer on a connection, and looks at nothing else.
struct StreamScanner {
    private enum Phase {
        case beforeFirst
        case beforeLast
        case beforeEnd
    }

    // The last chunk of a chunked body.
    private static let end = Array("\r\n0\r\n\r\n".utf8)

    private let marks: StreamMarks
    private var phase = Phase.beforeFirst
    // What may be the beginning of a mark that is cut.
    private var rest: [UInt8] = []

    init(_ marks: StreamMarks) {
        self.marks = marks
    }

    /// Takes what has arrived.
    mutating func scan(_ arrived: ByteBuffer) throws(LoadError) -> (isFirst: Bool, isComplete: Bool) {
        var bytes = rest + arrived.readableBytesView
        var isFirst = false
        while true {
            let mark =
                switch phase {
                case .beforeFirst: marks.first
                case .beforeLast: marks.last
                case .beforeEnd: Self.end
                }
            guard let end = Self.end(of: mark, in: bytes) else {
                // An error's answer is no stream and never brings a mark.
                if case .beforeFirst = phase, !bytes.starts(with: "HTTP/1.1 200".utf8.prefix(bytes.count)) {
                    throw .head(String(decoding: bytes.prefix(200), as: UTF8.self))
                }
                // All of a head is kept, since its status is looked at; of what is behind it only a mark's beginning.
                rest = if case .beforeFirst = phase { bytes } else { Array(bytes.suffix(mark.count - 1)) }
                return (isFirst, false)
            }
            bytes.removeFirst(end)
            switch phase {
            case .beforeFirst:
                isFirst = true
                phase = .beforeLast
            // The end of the last event's chunk is part of the end's mark.
            case .beforeLast: phase = .beforeEnd
            case .beforeEnd:
                self = StreamScanner(marks)
                return (isFirst, true)
            }
        }
    }

    /// The index behind the first occurrence of `mark`.
    private static func end(of mark: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            mark.withUnsafeBufferPointer { mark in
                guard bytes.count >= mark.count else { return nil }
                var place = 0
                while place <= bytes.count - mark.count {
                    var length = 0
                    while length < mark.count, bytes[place + length] == mark[length] { length += 1 }
                    if length == mark.count { return place + length }
                    place += 1
                }
                return nil
            }
        }
    }
}
