internal import LibPQ

/// Reads a row's columns one after the other.
///
/// A value that can't be what the schema says is an error, never a crash.
struct Columns {
    /// A column holds what no value of its type is kept as.
    struct Unreadable: Error {
        let index: Int
    }

    private let row: PostgresRow
    private var index: Int

    /// Begins with the first column, or with a later one.
    init(_ row: PostgresRow, from index: Int = 0) {
        self.row = row
        self.index = index
    }

    /// Whether the next column is NULL; it stays the next one.
    var isNull: Bool { row.isNull(index) }

    /// The next column.
    mutating func next<Value: ColumnValue>(_: Value.Type = Value.self) throws -> Value {
        defer { index += 1 }
        guard let value = Value(stored: try row.decode(index, as: Value.Stored.self)) else {
            throw Unreadable(index: index)
        }
        return value
    }

    /// The next column, where NULL means none.
    mutating func nextIfPresent<Value: ColumnValue>(_: Value.Type = Value.self) throws -> Value? {
        defer { index += 1 }
        guard let stored = try row.decode(index, as: Value.Stored?.self) else { return nil }
        guard let value = Value(stored: stored) else { throw Unreadable(index: index) }
        return value
    }

    /// The next column, an array whose elements may be NULL.
    mutating func nextArray<Value: ColumnValue>(_: Value.Type = Value.self) throws -> [Value?] {
        defer { index += 1 }
        return try row.decode(index, as: [Value.Stored?].self).map { stored in
            guard let stored else { return nil }
            guard let value = Value(stored: stored) else { throw Unreadable(index: index) }
            return value
        }
    }
}

/// What stands for a statement's placeholders, in order.
///
/// User text gets into SQL in no other way.
struct Arguments: ExpressibleByArrayLiteral {
    /// One argument, or a column of arguments for `unnest`.
    struct Argument {
        let value: any PostgresEncodable

        /// A value; `nil` is NULL.
        static func value<Value: ColumnValue>(_ value: Value?) -> Self { Self(value: value?.stored) }

        /// One value for each row of a batch.
        static func column<Value: ColumnValue>(_ values: [Value]) -> Self { Self(value: values.map(\.stored)) }

        /// An array, or NULL.
        static func column<Value: ColumnValue>(_ values: [Value]?) -> Self { Self(value: values?.map(\.stored)) }

        /// One value for each row of a batch, where `nil` is NULL.
        static func column<Value: ColumnValue>(_ values: [Value?]) -> Self {
            Self(value: values.map { $0?.stored })
        }
    }

    private(set) var values: [any PostgresEncodable]

    /// Takes values as they stand; `nil` is NULL, but of no type that PostgreSQL could check it against.
    init(arrayLiteral elements: (any ColumnValue)?...) {
        values = elements.map { $0.map { Self.encodable($0) } ?? PostgresNull() }
    }

    /// Takes values and columns of values.
    init(_ arguments: [Argument]) {
        values = arguments.map(\.value)
    }

    static func + (lhs: Self, rhs: Self) -> Self {
        var sum = lhs
        sum.values += rhs.values
        return sum
    }

    private static func encodable(_ value: some ColumnValue) -> any PostgresEncodable { value.stored }
}

/// NULL of whatever type the statement has for it.
private struct PostgresNull: PostgresEncodable {
    static var postgresType: PostgresType { PostgresType(rawValue: 0) }
    var isPostgresNull: Bool { true }
    func encode(into buffer: inout PostgresBuffer) {}
}
