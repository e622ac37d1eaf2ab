import ParleyCore

/// The newest messages of one version of a log, as they go over the wire.
struct EncodedLog: Sendable {
    /// A JSON array, oldest first.
    let bytes: [UInt8]
    /// Where each message lies in `bytes`, oldest first.
    let messages: [Range<Int>]

    /// Writes messages, oldest first.
    init(_ messages: [Message]) {
        var writer = JSONWriter(capacity: messages.reduce(2) { $0 + $1.wireBytes })
        var ranges: [Range<Int>] = []
        writer.array { writer in
            for message in messages {
                // Behind the comma, which the writer puts before all but the first.
                let start = writer.bytes.count + (ranges.isEmpty ? 0 : 1)
                writer.message(message)
                ranges.append(start..<writer.bytes.count)
            }
        }
        bytes = writer.bytes
        self.messages = ranges
    }

    /// Takes the messages out of an entry that was found to be usable.
    init(_ entry: CachedLog, messages places: [Range<Int>]) {
        self.init(joining: places.reversed().map { entry.bytes[$0] })
    }

    private init(joining texts: [ArraySlice<UInt8>]) {
        var log: [UInt8] = [UInt8(ascii: "[")]
        log.reserveCapacity(texts.reduce(2) { $0 + $1.count + 1 })
        var ranges: [Range<Int>] = []
        for text in texts {
            if !ranges.isEmpty { log.append(UInt8(ascii: ",")) }
            ranges.append(log.count..<log.count + text.count)
            log += text
        }
        log.append(UInt8(ascii: "]"))
        bytes = log
        messages = ranges
    }

    /// The newest messages of this log and of what was appended to it, oldest first.
    func appending(_ added: [[UInt8]], limit: Int) -> EncodedLog {
        let kept = messages.suffix(max(0, limit - added.count)).map { bytes[$0] }
        return EncodedLog(joining: kept + added.suffix(limit).map { $0[...] })
    }

    /// A JSON array of the newest messages.
    func newest(_ count: Int) -> [UInt8] {
        guard count < messages.count else { return bytes }
        guard count > 0 else { return Array("[]".utf8) }
        return [UInt8(ascii: "[")] + bytes[messages[messages.count - count].lowerBound...]
    }

    /// The newest messages as values; `nil` where they are none.
    func values(newest count: Int) -> [Message]? {
        var values: [Message] = []
        for place in messages.suffix(count) {
            guard let json = try? JSON(parsing: bytes[place]), let message = Message(wire: json) else { return nil }
            values.append(message)
        }
        return values
    }

    /// The elements of an entry that holds these messages, newest first.
    func elements(of version: LogVersion) -> [[UInt8]] {
        messages.indices.reversed().map { index in
            let seq = version.messageCount - (messages.count - 1 - index)
            let header = CachedHeader(revision: version.revision, tag: version.tag, seq: seq)
            return CachedElement.encode(header, message: bytes[messages[index]])
        }
    }
}
