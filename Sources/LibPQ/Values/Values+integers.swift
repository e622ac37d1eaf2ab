extension Int16: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `int2`.
    public static var postgresType: PostgresType { .int2 }
    /// The type `int2[]`.
    public static var postgresArrayType: PostgresType { .int2Array }

    /// Appends two bytes.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(self)
    }

    /// Reads an `int2`.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> Int16 {
        try field.expect(.int2)
        return try field.integer()
    }
}

extension Int32: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `int4`.
    public static var postgresType: PostgresType { .int4 }
    /// The type `int4[]`.
    public static var postgresArrayType: PostgresType { .int4Array }

    /// Appends four bytes.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(self)
    }

    /// Reads an `int4`.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> Int32 {
        try field.expect(.int4)
        return try field.integer()
    }
}

extension Int64: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `int8`.
    public static var postgresType: PostgresType { .int8 }
    /// The type `int8[]`.
    public static var postgresArrayType: PostgresType { .int8Array }

    /// Appends eight bytes.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(self)
    }

    /// Reads an `int8`.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> Int64 {
        try field.expect(.int8)
        return try field.integer()
    }
}

extension Int: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `int8`.
    public static var postgresType: PostgresType { .int8 }
    /// The type `int8[]`.
    public static var postgresArrayType: PostgresType { .int8Array }

    /// Appends eight bytes.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(Int64(self))
    }

    /// Reads an integer of any width.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> Int {
        try field.expect(.int8, .int4, .int2)
        switch field.type {
        case .int8: return Int(try field.integer(Int64.self))
        case .int4: return Int(try field.integer(Int32.self))
        default: return Int(try field.integer(Int16.self))
        }
    }
}
