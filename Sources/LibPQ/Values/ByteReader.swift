/// Reads a binary form from its start, never past its end.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// How many bytes are left.
    var remaining: Int { bytes.count - position }

    /// The next integer, big-endian.
    mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws(PostgresError) -> Integer {
        let part = try take(Integer.bitWidth / 8)
        return Integer(bigEndian: part.loadUnaligned(as: Integer.self))
    }

    /// The next bytes, as many as are asked for.
    mutating func take(_ count: Int) throws(PostgresError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw PostgresError(.mismatch, "a value ends too soon")
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    /// Throws unless everything was read.
    func end() throws(PostgresError) {
        guard remaining == 0 else { throw PostgresError(.mismatch, "a value is longer than its type") }
    }
}
