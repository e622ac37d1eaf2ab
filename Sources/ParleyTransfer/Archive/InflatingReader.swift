internal import CZlib
internal import ParleyCore

/// The bytes of a file in an archive, unpacked a piece at a time.
///
/// What comes out is held against what the directory says, and against what went in: a bomb is refused after a few MiB.
final class InflatingReader: ChunkReader {
    private let source: ImportSource
    private let entry: ZipArchive.Entry
    private var offset: Int
    private let end: Int
    private var produced = 0
    private var checksum = crc32(0, nil, 0)
    private var stream = z_stream()
    private var input: [UInt8] = []
    private var inputStart = 0
    private var isEnded = false
    private let isDeflated: Bool

    init(_ entry: ZipArchive.Entry, in archive: ZipArchive) throws {
        self.entry = entry
        source = archive.source
        offset = try archive.dataOffset(of: entry)
        end = offset + entry.compressedSize
        switch entry.method {
        case 0: isDeflated = false
        case 8: isDeflated = true
        default: throw ParleyError.brokenArchive("a file is packed by a method other than deflate")
        }
        guard isDeflated else { return }
        guard czlib_inflate_init(&stream, 15) == Z_OK else { throw ParleyError.unavailable("There is no memory.") }
    }

    deinit {
        if isDeflated { inflateEnd(&stream) }
    }

    func next() throws -> [UInt8]? {
        let bytes = isDeflated ? try inflated() : try stored()
        guard let bytes else {
            guard produced == entry.size, checksum == UInt(entry.checksum) else {
                throw ParleyError.brokenArchive("the checksum of a file is wrong")
            }
            return nil
        }
        produced += bytes.count
        guard produced <= entry.size else { throw ParleyError.brokenArchive("a file is longer than it says") }
        guard produced <= Limits.archiveFreeBytes || produced / Limits.archiveRatio <= entry.compressedSize else {
            throw ParleyError(
                .payloadTooLarge,
                "The archive unpacks to more than \(Limits.archiveRatio) times its size."
            )
        }
        checksum = bytes.withUnsafeBufferPointer { crc32(checksum, $0.baseAddress, UInt32($0.count)) }
        return bytes
    }

    private func stored() throws -> [UInt8]? {
        guard offset < end else { return nil }
        let bytes = try source.readExactly(at: offset, min(Limits.importChunkBytes, end - offset))
        offset += bytes.count
        return bytes
    }

    private func inflated() throws -> [UInt8]? {
        while !isEnded {
            if inputStart == input.count, offset < end {
                input = try source.readExactly(at: offset, min(Limits.importChunkBytes, end - offset))
                inputStart = 0
                offset += input.count
            }
            let (output, code) = inflateOnce()
            switch code {
            case Z_OK: break
            case Z_STREAM_END: isEnded = true
            case Z_BUF_ERROR where output.isEmpty && offset == end:
                throw ParleyError.brokenArchive("a file ends too soon")
            case Z_BUF_ERROR: break
            default: throw ParleyError.brokenArchive("a file is damaged")
            }
            if !output.isEmpty { return output }
        }
        return nil
    }

    private func inflateOnce() -> (output: [UInt8], code: Int32) {
        var code: Int32 = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: Limits.importChunkBytes) { buffer, count in
            input.withUnsafeMutableBufferPointer { bytes in
                stream.next_in = bytes.baseAddress?.advanced(by: inputStart)
                stream.avail_in = UInt32(bytes.count - inputStart)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                code = inflate(&stream, Z_NO_FLUSH)
                inputStart = bytes.count - Int(stream.avail_in)
                count = buffer.count - Int(stream.avail_out)
            }
        }
        return (output, code)
    }
}
