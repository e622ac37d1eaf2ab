internal import Crypto
internal import Foundation
internal import ParleyCore

/// A backup: a line that says what it is, one for each key, and one with how many there are and the checksum of all before it.
enum BackupFile {
    /// A key as Redis itself writes it down, to be restored to the last bit.
    struct Record: Sendable {
        let key: MigrationKey
        /// Redis's word for its type.
        let type: String
        /// What `DUMP` says.
        let payload: [UInt8]
        /// When it ends by itself, in milliseconds since 1970.
        let expiresAt: Int64?

        var line: JSON {
            var line: JSONObject = [:]
            line[key.member.name] = key.member.value
            line["type"] = .string(type)
            line["expires_at_ms"] = expiresAt.map { .number(JSONNumber($0)) }
            line["dump"] = .string(Data(payload).base64EncodedString())
            return .object(line)
        }

        init(key: MigrationKey, type: String, payload: [UInt8], expiresAt: Int64?) {
            self.key = key
            self.type = type
            self.payload = payload
            self.expiresAt = expiresAt
        }

        init?(_ line: JSON) {
            guard let key = MigrationKey(line), let type = line["type"]?.stringValue,
                let payload = line["dump"]?.stringValue.flatMap({ Data(base64Encoded: $0) })
            else { return nil }
            self.init(
                key: key,
                type: type,
                payload: Array(payload),
                expiresAt: line["expires_at_ms"]?.intValue.map(Int64.init)
            )
        }
    }

    /// What a backup holds.
    struct Summary: Hashable, Sendable {
        var records: Int
        var bytes: Int
        var sha256: String
        var createdAt: String
    }

    static let format = "parley redis backup 1"

    /// Writes lines, and counts and hashes them on the way.
    struct Writing {
        private let writer: LineWriter
        private var hash = SHA256()
        private var records = 0
        private var bytes = 0
        private let createdAt: String

        init(_ writer: LineWriter, at now: Timestamp) throws {
            self.writer = writer
            createdAt = now.description
            try write([
                "format": .string(format), "created_at": .string(createdAt),
                "patterns": .array(MigrationKey.patterns.map(JSON.string)),
            ])
        }

        mutating func add(_ record: Record) throws {
            try write(record.line)
            records += 1
            bytes += record.payload.count
        }

        func finish() throws -> Summary {
            let sum = hash.finalize().hexadecimal
            try writer.write(["records": JSON(integerLiteral: records), "sha256": .string(sum)])
            return Summary(records: records, bytes: bytes, sha256: sum, createdAt: createdAt)
        }

        private mutating func write(_ line: JSON) throws {
            let bytes = line.serialized
            hash.update(data: bytes)
            hash.update(data: [UInt8(ascii: "\n")])
            try writer.write(line: bytes)
        }
    }

    /// Reads a backup to its end, and sees whether it is whole.
    ///
    /// What `each` is given is not known to be whole before this returns: read once without it, and then again.
    /// - Throws: ``ParleyError`` with code `invalidRequest` where it is not.
    static func read(
        _ path: String,
        _ each: (Record) async throws -> Void = { _ in }
    ) async throws -> Summary {
        let reader = try LineReader(path: path)
        var hash = SHA256()
        var summary = Summary(records: 0, bytes: 0, sha256: "", createdAt: "")
        guard let header = try reader.next(), let value = try? JSON(parsing: header),
            value["format"]?.stringValue == format, let createdAt = value["created_at"]?.stringValue
        else { throw broken(path, "it doesn't begin as one") }
        summary.createdAt = createdAt
        hash.update(data: header + [UInt8(ascii: "\n")])
        while let line = try reader.next() {
            guard let value = try? JSON(parsing: line) else { throw broken(path, "a line in it can't be read") }
            if let sum = value["sha256"]?.stringValue {
                summary.sha256 = sum
                let isLast = try reader.next() == nil
                guard isLast, hash.finalize().hexadecimal == sum, value["records"]?.intValue == summary.records else {
                    throw broken(path, "its checksum is another")
                }
                return summary
            }
            hash.update(data: line)
            hash.update(data: [UInt8(ascii: "\n")])
            guard let record = Record(value) else { throw broken(path, "a line in it is no key") }
            summary.records += 1
            summary.bytes += record.payload.count
            try await each(record)
        }
        throw broken(path, "its end is missing")
    }

    private static func broken(_ path: String, _ reason: String) -> ParleyError {
        ParleyError(.invalidRequest, "\(path) is no whole backup: \(reason).")
    }
}
