internal import Foundation
internal import ParleyCore

/// A key of the old Redis: any bytes.
struct MigrationKey: Hashable, Sendable, Comparable {
    /// What its name says is behind it.
    enum Kind: Hashable, Sendable {
        /// `project:{project}:memory:{type}:{name}`
        case memory(project: String, type: String, name: String)
        /// `session_{id}`
        case session(String)
        /// The name is no text.
        case unreadable
    }

    /// What is walked through.
    static let patterns = ["project:*:memory:*", "session_*"]
    private static let memory = ":memory:"
    private static let sessionPrefix = "session_"

    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Reads what ``member`` wrote.
    init?(_ line: JSON) {
        if let text = line["key"]?.stringValue {
            self.init(text)
        } else if let data = line["key_base64"]?.stringValue.flatMap({ Data(base64Encoded: $0) }) {
            self.init(bytes: Array(data))
        } else {
            return nil
        }
    }

    static func < (lhs: Self, rhs: Self) -> Bool { lhs.bytes.lexicographicallyPrecedes(rhs.bytes) }

    /// The name as text, where it is one that a store can keep.
    var text: String? { String(validating: bytes, as: UTF8.self).flatMap { $0.isStorable ? $0 : nil } }

    /// The name for people; of what is no text, the bytes in base64.
    var shown: String { text ?? "base64:" + Data(bytes).base64EncodedString() }

    /// The name as a member of a line of JSON.
    var member: (name: String, value: JSON) {
        if let text { return ("key", .string(text)) }
        return ("key_base64", .string(Data(bytes).base64EncodedString()))
    }

    var kind: Kind {
        guard let text else { return .unreadable }
        if text.hasPrefix(Self.sessionPrefix) { return .session(String(text.dropFirst(Self.sessionPrefix.count))) }
        let start = text.index(text.startIndex, offsetBy: "project:".count, limitedBy: text.endIndex) ?? text.endIndex
        guard text.hasPrefix("project:"), let middle = text[start...].firstRange(of: Self.memory) else {
            return .unreadable
        }
        let parts = text[middle.upperBound...].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return .memory(
            project: String(text[start..<middle.lowerBound]),
            type: String(parts.first ?? ""),
            name: parts.count > 1 ? String(parts[1]) : ""
        )
    }
}
