internal import ParleyCore

/// The directory of a zip archive, after PKWARE's APPNOTE.TXT 6.3: files that are stored or deflated, ZIP64 included.
///
/// Nothing is ever unpacked to a disk. An archive that tries tricks, with names that lead elsewhere, files in each other's
/// place, or passwords, is refused as a whole before anything of it is read.
struct ZipArchive {
    /// A file in the archive.
    struct Entry: Hashable {
        let name: String
        let method: UInt16
        let checksum: UInt32
        let compressedSize: Int
        let size: Int
        /// Where its local header begins.
        let offset: Int

        /// The last part of its path.
        var lastName: Substring { name.split(separator: "/").last ?? "" }
    }

    private enum Signature {
        static let end: UInt32 = 0x0605_4B50
        static let end64: UInt32 = 0x0606_4B50
        static let locator64: UInt32 = 0x0706_4B50
        static let entry: UInt32 = 0x0201_4B50
        static let local: UInt32 = 0x0403_4B50
    }

    let source: ImportSource
    let entries: [Entry]

    /// Whether a source begins as an archive does.
    static func isArchive(_ beginning: [UInt8]) -> Bool {
        beginning.starts(with: [0x50, 0x4B, 0x03, 0x04]) || beginning.starts(with: [0x50, 0x4B, 0x05, 0x06])
    }

    /// Reads the directory.
    init(_ source: ImportSource) throws {
        guard let size = source.size else {
            throw ParleyError(.invalidRequest, "An archive can't be read from a pipe; give a file, or what is in it.")
        }
        let directory = try Self.directory(of: source, size)
        guard directory.count <= Limits.archiveEntries, directory.size <= Limits.archiveDirectoryBytes else {
            throw ParleyError(.payloadTooLarge, "The archive holds more than \(Limits.archiveEntries) files.")
        }
        guard directory.offset >= 0, directory.offset + directory.size <= size else {
            throw ParleyError.brokenArchive("its directory is not where it says")
        }
        let bytes = try source.readExactly(at: directory.offset, directory.size)
        var reader = LittleEndianReader(bytes)
        var entries: [Entry] = []
        var names = Set<String>()
        for _ in 0..<directory.count {
            let entry = try Self.entry(&reader)
            guard entry.offset >= 0, entry.size >= 0, entry.compressedSize >= 0,
                entry.compressedSize <= size, entry.offset <= size - entry.compressedSize
            else { throw ParleyError.brokenArchive("a file is not where it says") }
            guard names.insert(entry.name.lowercased()).inserted else {
                throw ParleyError.brokenArchive("a name stands in it twice")
            }
            entries.append(entry)
        }
        self.source = source
        self.entries = entries
    }

    /// Where the bytes of a file begin: behind its local header, which must name the same file.
    func dataOffset(of entry: Entry) throws -> Int {
        var reader = LittleEndianReader(try source.readExactly(at: entry.offset, 30))
        guard try reader.uint32() == Signature.local else { throw ParleyError.brokenArchive("a file has no header") }
        reader.position = 26
        let (nameLength, extraLength) = (Int(try reader.uint16()), Int(try reader.uint16()))
        let name = try source.readExactly(at: entry.offset + 30, nameLength)
        guard name.elementsEqual(entry.name.utf8) else {
            throw ParleyError.brokenArchive("a file has two names")
        }
        return entry.offset + 30 + nameLength + extraLength
    }

    private static func directory(
        of source: ImportSource,
        _ size: Int
    ) throws -> (offset: Int, size: Int, count: Int) {
        // Behind the end of the directory stands at most a comment of 64 KiB.
        let length = min(size, 22 + 65_535)
        let tail = try source.readExactly(at: size - length, length)
        let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
        let last = stride(from: tail.count - 22, through: 0, by: -1)
            .first { start in tail[start..<start + 4].elementsEqual(signature) }
        guard let last else { throw ParleyError.brokenArchive("it has no directory") }
        var end = LittleEndianReader(tail, at: last + 4)
        let (disk, start) = (try end.uint16(), try end.uint16())
        let here = try end.uint16()
        let (count, bytes, offset) = (try end.uint16(), try end.uint32(), try end.uint32())
        let isLarge = count == .max || bytes == .max || offset == .max
        guard isLarge else {
            guard disk == 0, start == 0, here == count else {
                throw ParleyError.brokenArchive("it is one of several parts")
            }
            return (Int(offset), Int(bytes), Int(count))
        }
        let place = size - length + last - 20
        guard place >= 0 else { throw ParleyError.brokenArchive("its directory is not where it says") }
        var locator = LittleEndianReader(try source.readExactly(at: place, 20))
        guard try locator.uint32() == Signature.locator64 else {
            throw ParleyError.brokenArchive("it has no directory")
        }
        locator.position = 8
        let record = try locator.size()
        guard record <= size - 56 else { throw ParleyError.brokenArchive("its directory is not where it says") }
        var large = LittleEndianReader(try source.readExactly(at: record, 56))
        guard try large.uint32() == Signature.end64 else { throw ParleyError.brokenArchive("it has no directory") }
        large.position = 32
        let (entries, length64, offset64) = (try large.size(), try large.size(), try large.size())
        guard length64 <= size else { throw ParleyError.brokenArchive("its directory is not where it says") }
        return (offset64, length64, entries)
    }

    private static func entry(_ reader: inout LittleEndianReader) throws -> Entry {
        let start = reader.position
        guard try reader.uint32() == Signature.entry else {
            throw ParleyError.brokenArchive("its directory is damaged")
        }
        reader.position = start + 8
        let flags = try reader.uint16()
        let method = try reader.uint16()
        reader.position = start + 16
        let checksum = try reader.uint32()
        var (compressed, size) = (Int(try reader.uint32()), Int(try reader.uint32()))
        let (nameLength, extraLength) = (Int(try reader.uint16()), Int(try reader.uint16()))
        let commentLength = Int(try reader.uint16())
        reader.position = start + 42
        var offset = Int(try reader.uint32())
        let name = try Self.name(try reader.bytes(nameLength))
        let extraEnd = reader.position + extraLength
        while reader.position + 4 <= extraEnd {
            let (kind, length) = (try reader.uint16(), Int(try reader.uint16()))
            let end = reader.position + length
            guard end <= extraEnd else { throw ParleyError.brokenArchive("its directory is damaged") }
            if kind == 1 {
                // ZIP64: what did not fit, in this order.
                if size == 0xFFFF_FFFF { size = try reader.size() }
                if compressed == 0xFFFF_FFFF { compressed = try reader.size() }
                if offset == 0xFFFF_FFFF { offset = try reader.size() }
            }
            reader.position = end
        }
        reader.position = extraEnd + commentLength
        // Bit 0: a password; bit 13: the directory itself is encrypted.
        guard flags & 0x2001 == 0 else { throw ParleyError.brokenArchive("it is protected by a password") }
        return Entry(
            name: name,
            method: method,
            checksum: checksum,
            compressedSize: compressed,
            size: size,
            offset: offset
        )
    }

    /// A path within the archive: one that leads anywhere else is a trick, though nothing is written to it.
    private static func name(_ bytes: [UInt8]) throws -> String {
        let isPlain = !bytes.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }
        guard isPlain, !bytes.isEmpty else { throw ParleyError.brokenArchive("a file has no proper name") }
        // Names that are not UTF-8 are of files nobody here looks at; they only have to differ.
        let name = String(decoding: bytes, as: UTF8.self)
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let second = name.unicodeScalars.dropFirst().first
        guard !name.hasPrefix("/"), second != ":", !parts.contains(".."), !parts.contains(".") else {
            throw ParleyError.brokenArchive("the path of a file in it leads out of it")
        }
        return name
    }
}

/// Reads numbers as archives keep them.
struct LittleEndianReader {
    private let bytes: [UInt8]
    var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    mutating func uint16() throws -> UInt16 { UInt16(try number(2)) }
    mutating func uint32() throws -> UInt32 { UInt32(try number(4)) }

    /// A size or a place of eight bytes.
    mutating func size() throws -> Int {
        guard let value = Int(exactly: try number(8)) else { throw ParleyError.brokenArchive("a size is impossible") }
        return value
    }

    mutating func bytes(_ count: Int) throws -> [UInt8] {
        guard position >= 0, count <= bytes.count - position else {
            throw ParleyError.brokenArchive("it ends too soon")
        }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    private mutating func number(_ count: Int) throws -> UInt64 {
        try bytes(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
