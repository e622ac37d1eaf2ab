internal import CLibPQ

/// The rows that a statement has come to, in the form that they were received in.
public struct PostgresRows: Sendable {
    let result: StatementResult

    /// How many rows a statement has inserted, changed, deleted or selected.
    public var affectedCount: Int { result.affectedCount }

    /// How many columns each row has.
    public var columnCount: Int { result.columnTypes.count }
}

extension PostgresRows: RandomAccessCollection {
    /// The place of the first row.
    public var startIndex: Int { 0 }
    /// The place behind the last row.
    public var endIndex: Int { result.rowCount }

    /// A row by its place.
    public subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "There is no such row.")
        return PostgresRow(result: result, index: position)
    }
}

/// One row of a result.
public struct PostgresRow: Sendable {
    let result: StatementResult
    let index: Int

    /// Whether a column is NULL.
    public func isNull(_ column: Int) -> Bool {
        result.field(index, column) == nil
    }

    /// Reads a column, counted from 0.
    ///
    /// - Throws: A `PostgresError` of the kind `mismatch` where it is of another type, or NULL and the type isn't optional.
    public func decode<Value: PostgresDecodable>(
        _ column: Int,
        as _: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let field = result.field(index, column) else { return try Value.decodeNull() }
        return try Value.decode(field)
    }
}

/// A result of libpq's, freed with the last that refers to it.
///
/// Sendable, since nothing changes a result once it was received: reading is all that is done with it.
final class StatementResult: @unchecked Sendable {
    private let pointer: OpaquePointer
    let rowCount: Int
    let columnTypes: [PostgresType]

    /// Takes over a result.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        rowCount = Int(PQntuples(pointer))
        columnTypes = (0..<PQnfields(pointer)).map { PostgresType(rawValue: PQftype(pointer, $0)) }
    }

    deinit {
        PQclear(pointer)
    }

    /// What the server says was done, such as `INSERT 0 1`.
    var commandTag: String { String(cString: PQcmdStatus(pointer)) }

    var affectedCount: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// A value; `nil` for NULL.
    func field(_ row: Int, _ column: Int) -> PostgresField? {
        precondition(columnTypes.indices.contains(column), "There is no such column.")
        // Both were checked against counts of libpq's own, which are of this width.
        let place = (Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column))
        guard PQgetisnull(pointer, place.0, place.1) == 0 else { return nil }
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(pointer, place.0, place.1),
            count: Int(PQgetlength(pointer, place.0, place.1))
        )
        return PostgresField(type: columnTypes[column], bytes: bytes, owner: self)
    }
}
