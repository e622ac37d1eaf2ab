internal import ParleyCore

/// Takes messages out of each other's `children`, before they are parsed.
///
/// Each message of a conversation stands two levels deeper than the one it answers, so that a long one is deeper than any
/// parser may go. This walks over the text once, with a list in place of recursion. Only what a message itself names `children`
/// is meant: elsewhere, as in options or in the parts of an answer, it is data like any other.
enum NestedChildren {
    /// A message that was taken out of another's children.
    struct Child {
        var text: [UInt8]
        /// The message it was taken from.
        let parent: Parent
    }

    /// Where a message stands.
    enum Parent: Equatable {
        /// In the list of the whole, by its place.
        case listed(Int)
        /// Among the children, by its place.
        case child(Int)
    }

    private enum Frame {
        /// An object that is being copied to an output, and how deep within it we are.
        case object(output: Int, depth: Int)
        /// An array named `children`.
        case children
    }

    /// The text without children, and each child without its own, in the order of their beginnings.
    static func hoisted(_ bytes: [UInt8]) throws(JSONSyntaxError) -> (whole: [UInt8], children: [Child]) {
        guard bytes.contains(UInt8(ascii: "[")) else { return (bytes, []) }
        var outputs: [[UInt8]] = [[]]
        var parents: [Parent] = []
        var frames: [Frame] = [.object(output: 0, depth: 0)]
        // Of the whole: whether this is within the list of messages, and how many elements of it are before this.
        var isInList = false
        var place = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            guard let frame = frames.last else { throw JSONSyntaxError(reason: "more after the value", offset: index) }
            switch frame {
            case .children:
                switch byte {
                case UInt8(ascii: "{"):
                    // Below the array there is always the object that it was found in.
                    if case .object(let output, _) = frames[frames.count - 2] {
                        parents.append(output == 0 ? .listed(place) : .child(output - 1))
                    }
                    frames.append(.object(output: outputs.count, depth: 1))
                    outputs.append([byte])
                case UInt8(ascii: "]"): frames.removeLast()
                case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D: break
                default: throw JSONSyntaxError(reason: "a child is no object", offset: index)
                }
                index += 1
            case .object(let output, var depth):
                switch byte {
                case UInt8(ascii: "\""):
                    let end = try endOfString(at: index, in: bytes)
                    outputs[output].append(contentsOf: bytes[index..<end])
                    let isWhole = output == 0
                    if isWhole, depth == 1, isName(endingAt: end, in: bytes) {
                        isInList = listNames.contains { bytes[index..<end].elementsEqual($0.utf8) }
                        place = 0
                    }
                    let isOfMessage = isWhole ? isInList && depth == 3 : depth == 1
                    let isChildren = isOfMessage && bytes[index..<end].elementsEqual("\"children\"".utf8)
                    index = end
                    if isChildren, let array = childrenArray(at: end, in: bytes) {
                        outputs[output].append(contentsOf: ":[]".utf8)
                        frames.append(.children)
                        index = array
                    }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case UInt8(ascii: ",") where output == 0 && depth == 2: place += 1
                default: break
                }
                outputs[output].append(byte)
                index += 1
                frames[frames.count - 1] = .object(output: output, depth: depth)
                if depth == 0, output > 0 { frames.removeLast() }
            }
        }
        guard frames.count == 1 else { throw JSONSyntaxError(reason: "an object is not closed", offset: bytes.count) }
        let children = zip(outputs.dropFirst(), parents).map { Child(text: $0, parent: $1) }
        return (outputs[0], children)
    }

    /// What the whole calls its messages, as it stands in the text.
    private static let listNames = ["\"messages\"", "\"messagesTree\""]

    /// Whether a string that ends here is a member's name: a colon follows.
    private static func isName(endingAt end: Int, in bytes: [UInt8]) -> Bool {
        var index = end
        while index < bytes.count, isSpace(bytes[index]) { index += 1 }
        return index < bytes.count && bytes[index] == UInt8(ascii: ":")
    }

    /// Behind the closing quotation mark.
    private static func endOfString(at start: Int, in bytes: [UInt8]) throws(JSONSyntaxError) -> Int {
        var index = start + 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""): return index + 1
            default: index += 1
            }
        }
        throw JSONSyntaxError(reason: "a string is not closed", offset: bytes.count)
    }

    /// The place behind the bracket of an array of objects, or of nothing, that follows a name.
    private static func childrenArray(at start: Int, in bytes: [UInt8]) -> Int? {
        var index = start
        for expected in [UInt8(ascii: ":"), UInt8(ascii: "[")] {
            while index < bytes.count, isSpace(bytes[index]) { index += 1 }
            guard index < bytes.count, bytes[index] == expected else { return nil }
            index += 1
        }
        var next = index
        while next < bytes.count, isSpace(bytes[next]) { next += 1 }
        let isFit = next < bytes.count && (bytes[next] == UInt8(ascii: "{") || bytes[next] == UInt8(ascii: "]"))
        return isFit ? index : nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
