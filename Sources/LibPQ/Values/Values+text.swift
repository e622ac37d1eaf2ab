extension String: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `text`.
    public static var postgresType: PostgresType { .text }
    /// The type `text[]`.
    public static var postgresArrayType: PostgresType { .textArray }

    /// Appends the text as UTF-8.
    ///
    /// - Throws: A `PostgresError` of the kind `argument` where it holds NUL, which PostgreSQL's text can't hold.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        guard !utf8.contains(0) else {
            throw PostgresError(.argument, "a text holds NUL", sqlState: .characterNotInRepertoire)
        }
        try buffer.append(bytes: utf8)
    }

    /// Reads text of any kind, and JSON as its text.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> String {
        try field.expect(.text, .varchar, .bpchar, .name, .unknown, .json, .jsonb)
        return try field.withBytes { bytes throws(PostgresError) in
            // The binary form of `jsonb` is its version, which is 1, and text.
            let text = field.type == .jsonb ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst()) : bytes
            guard field.type != .jsonb || bytes.first == 1 else {
                throw PostgresError(.mismatch, "a jsonb of an unknown version")
            }
            guard let value = String(validating: text, as: UTF8.self) else {
                throw PostgresError(.mismatch, "a text that is no UTF-8")
            }
            return value
        }
    }
}

/// Bytes as they are.
public struct PostgresBytes: Hashable, Sendable {
    /// The bytes.
    public let bytes: [UInt8]

    /// Takes bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}

extension PostgresBytes: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The type `bytea`.
    public static var postgresType: PostgresType { .bytea }
    /// The type `bytea[]`.
    public static var postgresArrayType: PostgresType { .byteaArray }

    /// Appends the bytes.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        try buffer.append(bytes: bytes)
    }

    /// Reads a `bytea`; the bytes of a text as well, unchecked.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> PostgresBytes {
        try field.expect(.bytea, .text, .varchar, .json)
        return try field.withBytes { bytes throws(PostgresError) in PostgresBytes([UInt8](bytes)) }
    }
}
