internal import GRDB

/// Reads a row's columns one after the other.
///
/// A value that can't be what the schema says is an error, never a crash.
struct Columns {
    /// A column holds what no value of its type is kept as.
    struct Unreadable: Error {
        let index: Int
    }

    private let row: Row
    private var index = 0

    init(_ row: Row) {
        self.row = row
    }

    /// The next column.
    mutating func next<Value: ColumnValue>(_: Value.Type = Value.self) throws -> Value {
        defer { index += 1 }
        guard let value = Value(stored: try row.decode(Value.Stored.self, atIndex: index)) else {
            throw Unreadable(index: index)
        }
        return value
    }

    /// The next column, where NULL means none.
    mutating func nextIfPresent<Value: ColumnValue>(_: Value.Type = Value.self) throws -> Value? {
        defer { index += 1 }
        guard let stored = try row.decode(Value.Stored?.self, atIndex: index) else { return nil }
        guard let value = Value(stored: stored) else { throw Unreadable(index: index) }
        return value
    }
}

/// What stands for a statement's placeholders, in order.
///
/// `nil` is NULL. User text gets into SQL in no other way.
struct Arguments: ExpressibleByArrayLiteral {
    fileprivate var values: [DatabaseValue]

    init(arrayLiteral elements: (any ColumnValue)?...) {
        values = elements.map { $0.map { Self.databaseValue(of: $0) } ?? .null }
    }

    static func + (lhs: Self, rhs: Self) -> Self {
        var sum = lhs
        sum.values += rhs.values
        return sum
    }

    private static func databaseValue(of value: some ColumnValue) -> DatabaseValue {
        value.stored.databaseValue
    }
}

extension Database {
    /// Executes a statement, prepared once for each connection.
    func run(_ sql: String, _ arguments: Arguments = []) throws {
        try cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments.values))
    }

    /// The first row.
    func first<Value>(
        _ sql: String,
        _ arguments: Arguments,
        _ read: (inout Columns) throws -> Value
    ) throws -> Value? {
        let rows = try rows(sql, arguments)
        guard let row = try rows.next() else { return nil }
        var columns = Columns(row)
        return try read(&columns)
    }

    /// All rows.
    ///
    /// `read` must not run the same statement.
    func all<Value>(
        _ sql: String,
        _ arguments: Arguments,
        _ read: (inout Columns) throws -> Value
    ) throws -> [Value] {
        let rows = try rows(sql, arguments)
        var values: [Value] = []
        while let row = try rows.next() {
            var columns = Columns(row)
            values.append(try read(&columns))
        }
        return values
    }

    /// Whether there is a row.
    func exists(_ sql: String, _ arguments: Arguments) throws -> Bool {
        try rows(sql, arguments).next() != nil
    }

    private func rows(_ sql: String, _ arguments: Arguments) throws -> RowCursor {
        try Row.fetchCursor(cachedStatement(sql: sql), arguments: StatementArguments(arguments.values))
    }
}
