internal import ParleyCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Cuts a stream of bytes into the JSON texts it consists of, with memory for one of them.
///
/// Either lines, or the elements of an array, or objects one after the other. It only looks for where texts end; whether they
/// are JSON shows when they are parsed. It never recurses, however deep they nest.
struct JSONSplitter {
    /// What a stream consists of.
    enum Shape {
        /// One text a line.
        case lines
        /// The elements of one array, or whole values one after the other.
        case elements
    }

    /// A text, or what stands in its place.
    enum Piece: Equatable {
        case text([UInt8])
        /// One that is longer than ``Limits/importElementBytes``, or holds too many values; it was passed over.
        case tooLarge
        /// The stream ended within the array.
        case cutOff
    }

    private let shape: Shape
    private let maximumBytes: Int
    private var current: [UInt8] = []
    /// Whether something of a text has come.
    private var isInside = false
    private var isTooLarge = false
    private var commas = 0
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var isArrayOpen = false
    private var isArrayClosed = false
    private var position = 0

    init(_ shape: Shape, maximumBytes: Int = Limits.importElementBytes) {
        self.shape = shape
        self.maximumBytes = maximumBytes
    }

    /// Takes the next bytes; gives the texts that end in them.
    mutating func feed(_ bytes: [UInt8]) throws(ParleyError) -> [Piece] {
        var rest = bytes[...]
        if position == 0, rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        position += bytes.count
        switch shape {
        case .lines: return lines(rest)
        case .elements: return try elements(rest)
        }
    }

    /// Tells that the stream has ended.
    mutating func finish() -> [Piece] {
        var pieces: [Piece] = []
        if isInside { pieces.append(take()) }
        if isArrayOpen { pieces.append(.cutOff) }
        return pieces
    }

    private mutating func lines(_ bytes: ArraySlice<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        var rest = bytes
        while let end = Self.lineEnd(in: rest) {
            add(rest[rest.startIndex..<end])
            if isInside { pieces.append(take()) }
            rest = rest[(end + 1)...]
        }
        add(rest)
        return pieces
    }

    /// Where a line ends.
    private static func lineEnd(in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, let found = memchr(base, 0x0A, buffer.count) else { return nil }
            return bytes.startIndex + base.distance(to: UnsafeRawPointer(found))
        }
    }

    /// Adds a part of a line; lines of nothing but white space are none.
    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        if !isInside {
            isInside = bytes.contains { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
            guard isInside else { return }
        }
        append(bytes)
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        guard !isTooLarge else { return }
        guard current.count + bytes.count <= maximumBytes else {
            isTooLarge = true
            current = []
            return
        }
        current.append(contentsOf: bytes)
    }

    private mutating func take() -> Piece {
        defer {
            current = []
            (isInside, isTooLarge, isInString, isEscaped) = (false, false, false, false)
            (depth, commas) = (0, 0)
        }
        return isTooLarge || commas > Limits.importElementValues ? .tooLarge : .text(current)
    }

    private mutating func elements(_ bytes: ArraySlice<UInt8>) throws(ParleyError) -> [Piece] {
        var pieces: [Piece] = []
        // What belongs to the present text is added in runs.
        var start = bytes.startIndex
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                index += 1
                continue
            }
            let end: Bool
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if !isInside, !isArrayOpen, byte == UInt8(ascii: "[") {
                    guard !isArrayClosed else { throw Self.unexpected("a second array") }
                    isArrayOpen = true
                    index += 1
                    start = index
                    continue
                }
                begin(at: index, &start)
                depth += 1
                end = false
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 {
                    // The array ends, and with it a value without brackets.
                    guard byte == UInt8(ascii: "]"), isArrayOpen else { throw Self.unexpected("a closing bracket") }
                    if isInside {
                        append(bytes[start..<index])
                        pieces.append(take())
                    }
                    (isArrayOpen, isArrayClosed) = (false, true)
                    index += 1
                    start = index
                    continue
                }
                depth -= 1
                end = depth == 0
            case UInt8(ascii: ","):
                if depth == 0 {
                    if isInside {
                        append(bytes[start..<index])
                        pieces.append(take())
                    }
                    index += 1
                    start = index
                    continue
                }
                commas += 1
                end = false
            case UInt8(ascii: "\""):
                begin(at: index, &start)
                isInString = true
                end = false
            case 0x20, 0x09, 0x0A, 0x0D:
                end = false
            default:
                guard isArrayOpen || isInside || depth > 0 else {
                    throw Self.unexpected("what is no array and no object")
                }
                begin(at: index, &start)
                end = false
            }
            index += 1
            if end {
                append(bytes[start..<index])
                pieces.append(take())
                start = index
            }
        }
        if isInside { append(bytes[start..<index]) }
        return pieces
    }

    private mutating func begin(at index: Int, _ start: inout Int) {
        guard !isInside else { return }
        isInside = true
        start = index
    }

    private static func unexpected(_ what: String) -> ParleyError {
        ParleyError(.invalidRequest, "The source is not JSON as expected: there is \(what).")
    }
}
