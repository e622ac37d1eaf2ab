/// A statement's arguments in binary form, in one buffer.
struct ArgumentList: Sendable {
    /// How many arguments the protocol can count.
    static let limit = Int(UInt16.max)

    /// Each argument's type, so that a statement means the same whatever its first arguments were.
    let types: [UInt32]
    /// Where each argument's bytes are; `nil` for NULL.
    let ranges: [Range<Int>?]
    let buffer: PostgresBuffer

    /// Encodes the arguments.
    ///
    /// - Throws: A `PostgresError` of the kind `argument` where one can't be sent.
    init(_ arguments: [any PostgresEncodable]) throws(PostgresError) {
        guard arguments.count <= Self.limit else {
            throw PostgresError(.argument, "more than \(Self.limit) arguments")
        }
        var types: [UInt32] = []
        var ranges: [Range<Int>?] = []
        var buffer = PostgresBuffer()
        types.reserveCapacity(arguments.count)
        ranges.reserveCapacity(arguments.count)
        for argument in arguments {
            types.append(type(of: argument).postgresType.rawValue)
            if argument.isPostgresNull {
                ranges.append(nil)
            } else {
                let start = buffer.count
                try argument.encode(into: &buffer)
                _ = try PostgresBuffer.checkedLength(buffer.count, adding: 0)
                ranges.append(start..<buffer.count)
            }
        }
        self.types = types
        self.ranges = ranges
        self.buffer = buffer
    }

    /// Lends pointers and lengths as libpq takes them.
    func withPointers<Value>(
        _ body: (_ values: [UnsafePointer<CChar>?], _ lengths: [Int32], _ formats: [Int32]) -> Value
    ) -> Value {
        buffer.bytes.withUnsafeBytes { bytes in
            let start = bytes.bindMemory(to: CChar.self).baseAddress ?? Self.nothing
            let values = ranges.map { range in range.map { start + $0.lowerBound } }
            // Checked in the initializer.
            let lengths = ranges.map { Int32(truncatingIfNeeded: $0?.count ?? 0) }
            return body(values, lengths, [Int32](repeating: 1, count: ranges.count))
        }
    }

    /// An address for values of no bytes: to libpq a null pointer is NULL.
    ///
    /// Unsafe in name only: what it points at is neither read nor written by anyone.
    nonisolated(unsafe) private static let nothing = UnsafePointer(UnsafeMutablePointer<CChar>.allocate(capacity: 1))
}
