public import ParleyCore
internal import RedisWire

/// What a rollback did.
public struct RollbackReport: Hashable, Sendable {
    /// Keys that are as they were backed up and were not before.
    public internal(set) var restored = 0
    /// Keys that were so all the time.
    public internal(set) var unchanged = 0
    /// Of those that are restored, those that had another value: it is kept in `replaced.jsonl`.
    public internal(set) var replaced = 0
    /// Keys whose time was over by now.
    public internal(set) var expired = 0
    /// Keys that are not as they were backed up, for all that.
    public internal(set) var different: [String] = []

    /// Whether every key is as it was.
    public var holds: Bool { different.isEmpty }

    /// The report for people.
    public var table: String {
        var lines = [
            "\(restored) keys are restored, \(unchanged) were as in the backup.",
            "\(replaced) of them had another value, which is kept in replaced.jsonl; \(expired) have ended by themselves.",
            holds ? "Every key compares equal with the backup, byte for byte." : "These keys are NOT as in the backup:",
        ]
        for key in different { lines.append("  \(MigrationAccount.plain(key))") }
        return lines.joined(separator: "\n")
    }

    /// The report as JSON.
    public var json: JSON {
        [
            "restored": JSON(integerLiteral: restored), "unchanged": JSON(integerLiteral: unchanged),
            "replaced": JSON(integerLiteral: replaced), "expired": JSON(integerLiteral: expired),
            "different": .array(different.map(JSON.string)), "holds": .bool(holds),
        ]
    }
}

extension RedisMigration {
    /// Makes every key again what it was when it was backed up, with its remaining time, and compares.
    ///
    /// Keys that are new since then stay. What a key held that is overwritten is kept in `state` first. Stopped anywhere, it
    /// goes on where it is run again.
    public func rollback(_ state: StateDirectory) async throws -> RollbackReport {
        guard state.exists(.backup) else { throw ParleyError(.conflict, "There is no backup in this directory.") }
        // Whole before the first key is touched.
        _ = try await BackupFile.read(state.path(of: .backup))
        let replaced = try state.append(.replaced)
        var report = RollbackReport()
        var batch: [BackupFile.Record] = []
        var bytes = 0
        _ = try await BackupFile.read(state.path(of: .backup)) { record in
            batch.append(record)
            bytes += record.payload.count
            guard batch.count == OldRedis.batchKeys || bytes > OldRedis.batchBytes else { return }
            try await restore(batch, replaced, &report)
            (batch, bytes) = ([], 0)
        }
        try await restore(batch, replaced, &report)
        // All of them are back: one that goes from now on was not cleaned, and another backup may be made.
        if report.holds { try state.remove(.cleaned) }
        return report
    }

    private func restore(
        _ batch: [BackupFile.Record],
        _ replaced: LineWriter,
        _ report: inout RollbackReport
    ) async throws {
        let now = try await milliseconds()
        let live = batch.filter { $0.expiresAt.map { $0 > now } ?? true }
        report.expired += batch.count - live.count
        let before = try await standing(live, now)
        let differing = zip(live, before).filter { !$0.0.isSame(as: $0.1) }
        report.unchanged += live.count - differing.count
        for (record, standing) in differing {
            guard let payload = standing.payload, payload != record.payload else { continue }
            report.replaced += 1
            let old = BackupFile.Record(
                key: record.key,
                type: record.type,
                payload: payload,
                expiresAt: standing.expiresAt
            )
            try replaced.write(old.line)
        }
        try replaced.synchronize()
        let commands = differing.map { record, _ -> RedisCommand in
            [
                "RESTORE", .bytes(record.key.bytes), .integer(record.expiresAt ?? 0), .bytes(record.payload), "REPLACE",
                "ABSTTL",
            ]
        }
        _ = try await redis.replies(commands)
        let restored = differing.map(\.0)
        let after = try await standing(restored, now)
        for (record, standing) in zip(restored, after) {
            if record.isSame(as: standing) || record.hasSameMembers(as: standing) {
                report.restored += 1
            } else if record.expiresAt.map({ $0 <= now + 1000 }) == true, standing.payload == nil {
                report.expired += 1
            } else {
                report.different.append(record.key.shown)
            }
        }
    }

    /// What stands under keys now.
    private func standing(
        _ records: [BackupFile.Record],
        _ now: Int64
    ) async throws -> [(payload: [UInt8]?, expiresAt: Int64?)] {
        let commands: [RedisCommand] = records.flatMap { record -> [RedisCommand] in
            [["DUMP", .bytes(record.key.bytes)], ["PTTL", .bytes(record.key.bytes)]]
        }
        let replies = try await redis.replies(commands)
        return records.indices.map { index in
            let payload = replies[2 * index].flatMap { $0.isNull ? nil : $0.bytes }
            let left = replies[2 * index + 1]?.integer ?? -1
            return (payload, left >= 0 ? now + left : nil)
        }
    }
}

extension BackupFile.Record {
    /// How far two readings of the same remaining time may lie apart: the way to Redis and back, on a busy machine.
    private static let clockTolerance: Int64 = 10_000

    /// Whether a key is what was backed up, to the last bit, and ends when that was to end.
    fileprivate func isSame(as standing: (payload: [UInt8]?, expiresAt: Int64?)) -> Bool {
        guard standing.payload == payload else { return false }
        switch (expiresAt, standing.expiresAt) {
        case (nil, nil): return true
        case (let one?, let other?): return abs(one - other) <= Self.clockTolerance
        default: return false
        }
    }

    /// Whether a large set or hash, which Redis keeps in no order, holds the same bytes in another order.
    ///
    /// Redis itself has checked what it restored by its own checksum.
    fileprivate func hasSameMembers(as standing: (payload: [UInt8]?, expiresAt: Int64?)) -> Bool {
        // The last eight bytes are the checksum.
        guard type == "set" || type == "hash", let other = standing.payload, other.count == payload.count else {
            return false
        }
        return payload.dropLast(8).sorted() == other.dropLast(8).sorted()
    }
}
