/// Takes replies of RESP2 and RESP3 out of a stream of bytes.
///
/// It goes on where it stopped when more bytes come: nothing is looked at twice but the header of an element whose
/// bytes are not all there. It doesn't recurse, so depth costs no stack. Once it has thrown, the stream has no meaning
/// any more.
struct RESPParser {
    /// A reply whose bytes are all there.
    struct Whole {
        let byteCount: Int
        let root: RESPNode
        /// What is in the root, if it is an aggregate.
        let nodes: [RESPNode]
    }

    /// An aggregate that is not whole.
    private struct Frame {
        var remaining: Int
        /// Where its node lies, or lay before it was dropped; `nil` for the root, whose node is kept apart.
        let node: Int?
        let isAttribute: Bool
        /// How many nodes there were before it.
        let nodesBefore: Int
    }

    private struct Line {
        let text: Range<Int>
        var end: Int { text.upperBound + 2 }
    }

    private let limits: RESPLimits
    /// The bytes of the present reply that are understood.
    private var position = 0
    /// How far the present line is known to hold no CR.
    private var scanned = 0
    /// With fewer bytes than these there is nothing to do.
    private var needed = 1
    private var elements = 0
    /// Kept apart from `nodes`, so that a reply of one element needs no array.
    private var root: RESPNode?
    private var nodes: [RESPNode] = []
    private var frames: [Frame] = []

    init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
    }

    /// How many bytes the present reply needs at least, as far as is known.
    var neededBytes: Int { needed }

    /// Goes on with the present reply, whose bytes so far are `bytes`; `nil` when it isn't there as a whole.
    ///
    /// Between two calls bytes may only be added at the end. With a whole reply the parser begins anew behind it.
    mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(RESPViolation) -> Whole? {
        guard try understand(bytes), let root else { return nil }
        let whole = Whole(byteCount: position, root: root, nodes: nodes)
        self = RESPParser(limits: limits)
        return whole
    }

    /// Understands elements until the reply is whole; `false` when bytes are missing.
    private mutating func understand(_ bytes: UnsafeRawBufferPointer) throws(RESPViolation) -> Bool {
        while bytes.count >= needed {
            guard let line = try line(in: bytes) else { return false }
            guard try parseElement(bytes, line) else { return false }
            guard position <= limits.replyBytes else { throw .replyTooLarge }
            scanned = position
            needed = position + 1
            if root != nil, frames.isEmpty { return true }
        }
        return false
    }

    /// The line at the present position, without its type and its end.
    private mutating func line(in bytes: UnsafeRawBufferPointer) throws(RESPViolation) -> Line? {
        // Looked at first: what is no RESP at all may have no line's end either.
        guard Self.isType(bytes[position]) else { throw .unknownType }
        let start = position + 1
        var index = max(start, scanned)
        while index < bytes.count, bytes[index] != UInt8(ascii: "\r") { index += 1 }
        guard index - start <= limits.lineBytes else { throw .lineTooLong }
        guard position < limits.replyBytes else { throw .replyTooLarge }
        scanned = index
        guard index + 1 < bytes.count else {
            needed = bytes.count + 1
            return nil
        }
        guard bytes[index + 1] == UInt8(ascii: "\n") else { throw .badLineEnd }
        return Line(text: start..<index)
    }

    /// Understands the element at the present position; `false` when bytes are missing.
    private mutating func parseElement(_ bytes: UnsafeRawBufferPointer, _ line: Line) throws(RESPViolation) -> Bool {
        let text = UnsafeRawBufferPointer(rebasing: bytes[line.text])
        switch bytes[position] {
        case UInt8(ascii: "+"): place(.simpleString, line)
        case UInt8(ascii: "-"): place(.error, line)
        case UInt8(ascii: ":"):
            guard RESPNumber.integer(text) != nil else { throw .badInteger }
            place(.integer, line)
        case UInt8(ascii: "$"): return try parseBlob(.bulkString, bytes, line)
        case UInt8(ascii: "!"): return try parseBlob(.error, bytes, line)
        case UInt8(ascii: "="): return try parseBlob(.verbatimString, bytes, line)
        case UInt8(ascii: "_"):
            guard text.isEmpty else { throw .badNull }
            place(.null, line)
        case UInt8(ascii: "#"):
            guard text.count == 1, text[0] == UInt8(ascii: "t") || text[0] == UInt8(ascii: "f") else {
                throw .badBoolean
            }
            place(.boolean, line)
        case UInt8(ascii: ","):
            guard RESPNumber.double(text) != nil else { throw .badDouble }
            place(.double, line)
        case UInt8(ascii: "("):
            guard RESPNumber.isBigNumber(text) else { throw .badBigNumber }
            place(.bigNumber, line)
        case UInt8(ascii: "*"): try open(.array, line, text)
        case UInt8(ascii: "~"): try open(.set, line, text)
        case UInt8(ascii: "%"): try open(.map, line, text)
        case UInt8(ascii: ">"):
            guard frames.isEmpty else { throw .nestedPush }
            try open(.push, line, text)
        case UInt8(ascii: "|"): try open(nil, line, text)
        default: throw .unknownType
        }
        return true
    }

    private static func isType(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "$"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"),
            UInt8(ascii: "_"), UInt8(ascii: "#"), UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: "!"),
            UInt8(ascii: "="), UInt8(ascii: "%"), UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "|"):
            true
        default: false
        }
    }

    private mutating func parseBlob(
        _ kind: RedisKind,
        _ bytes: UnsafeRawBufferPointer,
        _ line: Line
    ) throws(RESPViolation) -> Bool {
        guard let length = RESPNumber.integer(UnsafeRawBufferPointer(rebasing: bytes[line.text])) else {
            throw .badLength
        }
        if length == -1, kind == .bulkString {
            place(.null, line)
            return true
        }
        guard length >= 0 else { throw .badLength }
        guard length <= limits.replyBytes - line.end else { throw .replyTooLarge }
        let data = line.end..<line.end + Int(length)
        guard data.upperBound + 2 <= bytes.count else {
            needed = data.upperBound + 2
            return false
        }
        guard bytes[data.upperBound] == UInt8(ascii: "\r"), bytes[data.upperBound + 1] == UInt8(ascii: "\n") else {
            throw .badLineEnd
        }
        var start = data.lowerBound
        if kind == .verbatimString {
            // Three letters for the format and a colon.
            guard length >= 4, bytes[start + 3] == UInt8(ascii: ":") else { throw .badVerbatim }
            start += 4
        }
        position = data.upperBound + 2
        place(RESPNode(kind, start: start, length: data.upperBound - start))
        return true
    }

    /// Begins an aggregate, or an attribute where `kind` is `nil`.
    private mutating func open(
        _ kind: RedisKind?,
        _ line: Line,
        _ text: UnsafeRawBufferPointer
    ) throws(RESPViolation) {
        guard let count = RESPNumber.integer(text) else { throw .badLength }
        if count == -1, kind == .array {
            place(.null, line)
            return
        }
        guard count >= 0 else { throw .badLength }
        guard count <= limits.elements else { throw .tooManyElements }
        let children = kind == .map || kind == nil ? Int(count) * 2 : Int(count)
        elements += children
        guard elements <= limits.elements else { throw .tooManyElements }
        guard frames.count < limits.depth else { throw .tooDeep }
        position = line.end
        guard let kind else {
            if children > 0 {
                let before = nodes.count
                frames.append(Frame(remaining: children, node: nil, isAttribute: true, nodesBefore: before))
            }
            return
        }
        let node = RESPNode(kind, start: 0, length: children)
        guard children > 0 else {
            place(node)
            return
        }
        let before = nodes.count
        if frames.isEmpty {
            root = node
            // What is announced may never come: no more is reserved than a common page needs.
            nodes.reserveCapacity(min(children, 64))
            frames.append(Frame(remaining: children, node: nil, isAttribute: false, nodesBefore: before))
        } else {
            nodes.append(node)
            frames.append(Frame(remaining: children, node: before, isAttribute: false, nodesBefore: before))
        }
    }

    private mutating func place(_ kind: RedisKind, _ line: Line) {
        position = line.end
        place(RESPNode(kind, start: line.text.lowerBound, length: line.text.count))
    }

    /// Puts an element where it belongs, and closes the aggregates that are whole with it.
    private mutating func place(_ node: RESPNode) {
        guard !frames.isEmpty else {
            root = node
            if node.kind.isAggregate { root?.start = 0 }
            return
        }
        nodes.append(node)
        if node.kind.isAggregate { nodes[nodes.count - 1].start = Int32(nodes.count) }
        while let frame = frames.last {
            frames[frames.count - 1].remaining -= 1
            guard frame.remaining == 1 else { return }
            frames.removeLast()
            if frame.isAttribute {
                // Attributes say something about the reply and are no part of it: nobody asks for them.
                nodes.removeSubrange(frame.nodesBefore...)
                return
            }
            if let index = frame.node {
                nodes[index].start = Int32(nodes.count)
            } else {
                root?.start = Int32(nodes.count)
            }
        }
    }
}
