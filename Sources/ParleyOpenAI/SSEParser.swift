/// Reads a stream of server-sent events, however it is cut: at any byte, with LF, CR or CRLF.
///
/// After the HTML standard, section 9.2.6, with bounds, and with one leniency: ``finish()`` hands out an event whose blank
/// line never came. Comments, `id` and `retry` are skipped.
struct SSEParser: Sendable {
    /// One event.
    struct Event: Hashable, Sendable {
        /// Its type; `message` where the stream names none.
        var type: String
        /// Its data, the lines joined by LF: bytes, since who reads them checks their encoding.
        var data: [UInt8]
    }

    /// Why a stream is not read on.
    enum Failure: Error, Hashable {
        /// A line is longer than the bound.
        case lineTooLong
        /// An event's lines together are longer than the bound.
        case eventTooLong
    }

    /// The longest line, and the longest event: an answer that comes in one piece fits.
    static let longest = 4 * 1024 * 1024

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Set when the stream can't be read on; what came before it was handed out.
    private(set) var failure: Failure?

    private let limitBytes: Int
    private var line: [UInt8] = []
    private var type: String?
    private var data: [UInt8] = []
    private var hasData = false
    private var endedWithCR = false
    private var isFirstLine = true

    /// Makes a parser that takes lines and events of up to `limitBytes` bytes.
    init(limitBytes: Int = longest) {
        self.limitBytes = limitBytes
    }

    /// Reads on, and returns the events that are complete now; none once there is a ``failure``.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            guard failure == nil else { break }
            let followsCR = endedWithCR
            endedWithCR = false
            switch byte {
            case UInt8(ascii: "\n") where followsCR: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                endedWithCR = byte == UInt8(ascii: "\r")
                if let event = endLine() { events.append(event) }
            default:
                if line.count < limitBytes { line.append(byte) } else { failure = .lineTooLong }
            }
        }
        return events
    }

    /// Takes the stream as ended: the event that was under way, if it had any data.
    mutating func finish() -> Event? {
        if !line.isEmpty, let event = endLine() { return event }
        return failure == nil ? dispatch() : nil
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: Self.byteOrderMark) { line.removeFirst(Self.byteOrderMark.count) }
        }
        guard !line.isEmpty else { return dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        let name = line[..<(colon ?? line.endIndex)]
        var value = line[(colon.map { $0 + 1 } ?? line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        if name.elementsEqual("data".utf8) {
            guard data.count + value.count < limitBytes else {
                failure = .eventTooLong
                return nil
            }
            if hasData { data.append(UInt8(ascii: "\n")) }
            data.append(contentsOf: value)
            hasData = true
        } else if name.elementsEqual("event".utf8) {
            type = String(decoding: value, as: UTF8.self)
        }
        return nil
    }

    private mutating func dispatch() -> Event? {
        defer {
            type = nil
            data = []
            hasData = false
        }
        return hasData ? Event(type: type ?? "message", data: data) : nil
    }
}
