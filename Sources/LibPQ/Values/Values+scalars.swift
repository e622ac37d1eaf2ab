extension Bool: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `bool`.
    public static var postgresType: PostgresType { .bool }
    /// The type `bool[]`.
    public static var postgresArrayType: PostgresType { .boolArray }

    /// Appends one byte.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(UInt8(self ? 1 : 0))
    }

    /// Reads a `bool`.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> Bool {
        try field.expect(.bool)
        return try field.integer(UInt8.self) != 0
    }
}

extension Double: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `float8`.
    public static var postgresType: PostgresType { .float8 }
    /// The type `float8[]`.
    public static var postgresArrayType: PostgresType { .float8Array }

    /// Appends the eight bytes of IEEE 754.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(bitPattern)
    }

    /// Reads a `float8`.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> Double {
        try field.expect(.float8)
        return Double(bitPattern: try field.integer())
    }
}

/// 16 bytes that name something.
public struct PostgresUUID: Hashable, Sendable {
    /// The first eight bytes, most significant first.
    public let high: UInt64
    /// The last eight bytes, most significant first.
    public let low: UInt64

    /// Makes it from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension PostgresUUID: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `uuid`.
    public static var postgresType: PostgresType { .uuid }
    /// The type `uuid[]`.
    public static var postgresArrayType: PostgresType { .uuidArray }

    /// Appends 16 bytes.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(high)
        buffer.append(low)
    }

    /// Reads a `uuid`.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> PostgresUUID {
        try field.expect(.uuid)
        return try field.withBytes { bytes throws(PostgresError) in
            var reader = ByteReader(bytes)
            let high = try reader.integer(UInt64.self)
            let low = try reader.integer(UInt64.self)
            try reader.end()
            return PostgresUUID(high: high, low: low)
        }
    }
}

/// A moment as PostgreSQL keeps it: microseconds since the beginning of 2000, UTC.
public struct PostgresTimestamp: Hashable, Sendable {
    /// The seconds from the beginning of 1970 to the beginning of 2000.
    public static let secondsFrom1970To2000: Int64 = 946_684_800

    /// Microseconds since the beginning of 2000, UTC; negative before.
    public let microseconds: Int64

    /// Takes microseconds since the beginning of 2000, UTC.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }
}

extension PostgresTimestamp: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `timestamptz`.
    public static var postgresType: PostgresType { .timestamptz }
    /// The type `timestamptz[]`.
    public static var postgresArrayType: PostgresType { .timestamptzArray }

    /// Appends eight bytes.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(microseconds)
    }

    /// Reads a `timestamptz`, or a `timestamp` as if it were UTC.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> PostgresTimestamp {
        try field.expect(.timestamptz, .timestamp)
        return PostgresTimestamp(microseconds: try field.integer())
    }
}
