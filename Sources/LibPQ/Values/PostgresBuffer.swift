/// Bytes in the making: the binary forms of a statement's arguments, one behind the other.
public struct PostgresBuffer: Sendable {
    /// What PostgreSQL's protocol can say about a length: 31 bits.
    static let lengthLimit = Int(Int32.max)

    private(set) var bytes: [UInt8] = []

    /// How many bytes there are.
    public var count: Int { bytes.count }

    /// Appends an integer, big-endian.
    public mutating func append(_ integer: some FixedWidthInteger) {
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends bytes as they are.
    public mutating func append(bytes other: some Collection<UInt8>) throws(PostgresError) {
        _ = try Self.checkedLength(bytes.count, adding: other.count)
        bytes.append(contentsOf: other)
    }

    /// Appends a value behind its length, or a length of -1 for NULL, as arrays hold their elements.
    mutating func appendWithLength(_ value: some PostgresEncodable) throws(PostgresError) {
        guard !value.isPostgresNull else { return append(Int32(-1)) }
        let start = bytes.count
        append(Int32(0))
        try value.encode(into: &self)
        let length = try Self.checkedLength(bytes.count - start - 4, adding: 0)
        withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(start..<start + 4, with: $0) }
    }

    /// A sum of lengths, as the protocol writes it.
    ///
    /// - Throws: A `PostgresError` where it is more than the protocol can say, instead of a length that has wrapped around.
    static func checkedLength(_ length: Int, adding more: Int) throws(PostgresError) -> Int32 {
        let (sum, overflow) = length.addingReportingOverflow(more)
        guard !overflow, sum >= 0, let checked = Int32(exactly: sum) else {
            throw PostgresError(.argument, "arguments of more than \(lengthLimit) bytes")
        }
        return checked
    }
}
