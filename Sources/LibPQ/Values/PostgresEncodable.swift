/// A value that can be an argument of a statement, in PostgreSQL's binary form.
public protocol PostgresEncodable: Sendable {
    /// The type that the argument is declared with.
    static var postgresType: PostgresType { get }
    /// Whether it is NULL; ``encode(into:)`` is not called then.
    var isPostgresNull: Bool { get }
    /// Appends the value's binary form, without its length.
    ///
    /// - Throws: A `PostgresError` of the kind `argument` where the value can't be sent.
    func encode(into buffer: inout PostgresBuffer) throws(PostgresError)
}

extension PostgresEncodable {
    /// `false`: most values are never NULL.
    public var isPostgresNull: Bool { false }
}

/// A value that can be an element of an array.
public protocol PostgresArrayElement {
    /// The type of an array of such values.
    static var postgresArrayType: PostgresType { get }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// The type of the value, if there is one.
    public static var postgresType: PostgresType { Wrapped.postgresType }
    /// Whether there is no value.
    public var isPostgresNull: Bool { self?.isPostgresNull ?? true }

    /// Appends the value.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        try self?.encode(into: &buffer)
    }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {
    /// The type of an array of the values.
    public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
}
