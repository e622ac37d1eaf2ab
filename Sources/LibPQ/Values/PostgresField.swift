/// The binary form of one value of a result, not NULL.
///
/// It keeps the result that it is part of alive, so nothing is copied until it is decoded.
public struct PostgresField {
    /// The value's type, as the server says.
    public let type: PostgresType
    private let bytes: UnsafeRawBufferPointer
    private let owner: AnyObject

    /// Takes bytes that stay where they are for as long as the owner lives.
    init(type: PostgresType, bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        self.type = type
        self.bytes = bytes
        self.owner = owner
    }

    /// How many bytes it has.
    public var count: Int { bytes.count }

    /// Lends the bytes.
    public func withBytes<Value>(
        _ body: (UnsafeRawBufferPointer) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        defer { withExtendedLifetime(owner) {} }
        return try body(bytes)
    }

    /// Reads it as one integer, big-endian and of exactly that width.
    public func integer<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) throws(PostgresError) -> Integer {
        try withBytes { bytes throws(PostgresError) in
            var reader = ByteReader(bytes)
            let value = try reader.integer(Integer.self)
            try reader.end()
            return value
        }
    }

    /// Throws unless the value is of one of these types.
    public func expect(_ types: PostgresType...) throws(PostgresError) {
        guard types.contains(type) else {
            throw PostgresError(
                .mismatch,
                "a value of type \(type.rawValue) where \(types.map(\.rawValue)) was expected"
            )
        }
    }

    /// A part of it, as a value of its own.
    func part(_ type: PostgresType, _ bytes: UnsafeRawBufferPointer) -> PostgresField {
        PostgresField(type: type, bytes: bytes, owner: owner)
    }
}
