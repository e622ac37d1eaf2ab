internal import ParleyCore

/// Where an import's bytes are, read piece by piece.
public struct ImportSource: Sendable {
    /// How many bytes there are; none where that is known only at the end, as of a pipe, which can't hold an archive.
    public let size: Int?
    private let readBytes: @Sendable (_ offset: Int, _ count: Int) throws -> [UInt8]

    /// Reads by a function that gives at most `count` bytes from an offset on, and none at the end.
    ///
    /// Without a size it is called in order, each time behind what it gave before.
    public init(size: Int?, read: @escaping @Sendable (_ offset: Int, _ count: Int) throws -> [UInt8]) {
        self.size = size
        readBytes = read
    }

    /// Reads bytes in memory.
    public init(_ bytes: [UInt8]) {
        self.init(size: bytes.count) { offset, count in
            guard offset < bytes.count else { return [] }
            return Array(bytes[offset..<min(bytes.count, offset + count)])
        }
    }

    /// At most `count` bytes from an offset on, none at the end.
    func read(at offset: Int, _ count: Int) throws -> [UInt8] {
        try readBytes(offset, count)
    }

    /// Exactly `count` bytes; fewer are a damaged archive.
    func readExactly(at offset: Int, _ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try readBytes(offset + bytes.count, count - bytes.count)
            guard !more.isEmpty else { throw ParleyError.brokenArchive("it ends too soon") }
            bytes += more
        }
        return bytes
    }
}

/// Something that is read from its beginning to its end, a piece at a time.
protocol ChunkReader {
    /// The next bytes; none at the end.
    mutating func next() throws -> [UInt8]?
}

/// The bytes of a source as they are.
struct PlainReader: ChunkReader {
    private let source: ImportSource
    private var offset = 0

    init(_ source: ImportSource) {
        self.source = source
    }

    mutating func next() throws -> [UInt8]? {
        let bytes = try source.read(at: offset, Limits.importChunkBytes)
        offset += bytes.count
        return bytes.isEmpty ? nil : bytes
    }
}

extension ParleyError {
    static func brokenArchive(_ reason: String) -> ParleyError {
        ParleyError(.invalidRequest, "The archive can't be read: \(reason).")
    }
}
