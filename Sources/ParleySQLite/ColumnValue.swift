internal import Foundation
internal import GRDB
internal import ParleyCore

/// A value that can stand in a column.
///
/// A protocol of our own, since a conformance of Core's public types to GRDB's would make GRDB part of this module's
/// face.
protocol ColumnValue {
    /// What SQLite keeps.
    associatedtype Stored: DatabaseValueConvertible & StatementColumnConvertible

    /// The value as SQLite keeps it.
    var stored: Stored { get }

    /// Reads what SQLite kept; `nil` where it is none of ours.
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
extension Data: ColumnValue { typealias Stored = Data }
extension MessageRole: ColumnValue { typealias Stored = String }
extension MessageStatus: ColumnValue { typealias Stored = String }
extension ConversationStatus: ColumnValue { typealias Stored = String }
extension Role: ColumnValue { typealias Stored = String }

// Ids stand as their 16 bytes, so that their order is the columns' order.
extension ID: ColumnValue {
    var stored: Data {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Data($0) }
    }

    init?(stored: Data) {
        guard stored.count == 16 else { return nil }
        let halves = stored.withUnsafeBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(high: halves.0, low: halves.1)
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
