/// A value that a column can be read as, from PostgreSQL's binary form.
public protocol PostgresDecodable: Sendable {
    /// Reads a column that is not NULL.
    ///
    /// - Throws: A `PostgresError` of the kind `mismatch` where the column is no such value.
    static func decode(_ field: PostgresField) throws(PostgresError) -> Self
    /// What NULL is read as.
    ///
    /// - Throws: A `PostgresError` of the kind `mismatch` where there is nothing for it.
    static func decodeNull() throws(PostgresError) -> Self
}

extension PostgresDecodable {
    /// Throws: only an optional has something for NULL.
    public static func decodeNull() throws(PostgresError) -> Self {
        throw PostgresError(.mismatch, "NULL where a value was expected")
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads the value.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> Self {
        try Wrapped.decode(field)
    }

    /// Nothing.
    public static func decodeNull() throws(PostgresError) -> Self { nil }
}
