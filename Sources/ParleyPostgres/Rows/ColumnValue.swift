internal import LibPQ
internal import ParleyCore

/// A value that can stand in a column.
///
/// A protocol of our own, since a conformance of Core's public types to LibPQ's would make LibPQ part of this module's face.
protocol ColumnValue {
    /// What PostgreSQL keeps.
    associatedtype Stored: PostgresEncodable & PostgresDecodable & PostgresArrayElement

    /// The value as PostgreSQL keeps it.
    var stored: Stored { get }

    /// Reads what PostgreSQL kept; `nil` where it is none of ours.
    init?(stored: Stored)
}

extension ColumnValue where Stored == Self {
    var stored: Self { self }

    init?(stored: Self) {
        self = stored
    }
}

extension ColumnValue where Self: RawRepresentable, RawValue == Stored {
    var stored: RawValue { rawValue }

    init?(stored: RawValue) {
        self.init(rawValue: stored)
    }
}

extension Int: ColumnValue { typealias Stored = Int }
extension Int64: ColumnValue { typealias Stored = Int64 }
extension Double: ColumnValue { typealias Stored = Double }
extension Bool: ColumnValue { typealias Stored = Bool }
extension String: ColumnValue { typealias Stored = String }
extension PostgresBytes: ColumnValue { typealias Stored = PostgresBytes }
extension MessageRole: ColumnValue { typealias Stored = String }
extension MessageStatus: ColumnValue { typealias Stored = String }
extension ConversationStatus: ColumnValue { typealias Stored = String }
extension Role: ColumnValue { typealias Stored = String }

extension ID: ColumnValue {
    var stored: PostgresUUID { PostgresUUID(high: high, low: low) }

    init?(stored: PostgresUUID) {
        self.init(high: stored.high, low: stored.low)
    }

    /// The id that is larger than all others.
    static var maximum: Self { Self(high: .max, low: .max) }
}

extension Timestamp: ColumnValue {
    var stored: Int64 { microseconds }

    init?(stored: Int64) {
        self.init(microseconds: stored)
    }
}

extension LogTag: ColumnValue {
    var stored: Int64 { Int64(bitPattern: bits) }

    init?(stored: Int64) {
        self.init(bits: UInt64(bitPattern: stored))
    }
}

extension EmailAddress: ColumnValue {
    var stored: String { value }

    init?(stored: String) {
        self.init(normalized: stored)
    }
}

extension JSON: ColumnValue {
    var stored: String { text }

    init?(stored: String) {
        // A text that is no JSON is damage: the reader of the column tells of it.
        try? self.init(parsing: stored)
    }
}

extension JSONObject {
    /// The column's value: an empty object, the usual one, is none.
    var column: JSON? { isEmpty ? nil : .object(self) }
}
