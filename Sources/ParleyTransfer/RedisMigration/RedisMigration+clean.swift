public import ParleyCore
internal import RedisWire

/// What a cleaning removed, and what it kept.
public struct CleaningReport: Hashable, Sendable {
    /// Old keys that are removed now.
    public internal(set) var removed = 0
    /// Those that were gone before.
    public internal(set) var gone = 0
    /// Those whose value is another than what was backed up and brought: they stay.
    public internal(set) var changed = 0
    /// Those that are in no backup: they stay.
    public internal(set) var withoutBackup = 0
    /// Those of which something is put aside: they stay, unless the cleaning is told otherwise.
    public internal(set) var quarantined = 0
    /// Those that are none of a chat's: they always stay.
    public internal(set) var leftAlone = 0

    /// The report for people.
    public var table: String {
        """
        \(removed) old keys are removed; \(gone) were gone before.
        Kept: \(quarantined) quarantined, \(leftAlone) left alone, \(changed) changed since, \(withoutBackup) not in the backup.
        """
    }

    /// The report as JSON.
    public var json: JSON {
        [
            "removed": JSON(integerLiteral: removed), "gone": JSON(integerLiteral: gone),
            "kept": [
                "quarantined": JSON(integerLiteral: quarantined), "left_alone": JSON(integerLiteral: leftAlone),
                "changed": JSON(integerLiteral: changed), "not_in_backup": JSON(integerLiteral: withoutBackup),
            ],
        ]
    }
}

extension RedisMigration {
    /// Removes a key in the moment in which it is what was backed up, to the last bit, and what was brought.
    private static let removal = RedisScript(
        """
        if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
        if redis.call('DUMP', KEYS[1]) ~= ARGV[1] then return -1 end
        if ARGV[2] ~= '' and redis.sha1hex(redis.call('GET', KEYS[1])) ~= ARGV[2] then return -1 end
        return redis.call('DEL', KEYS[1])
        """
    )
    /// How many keys are written down before they are removed.
    private static let removalBatch = 256

    /// Removes the old keys whose records are all in the new store.
    ///
    /// Stopped anywhere, it goes on where it is run again. With `withQuarantined` also those go of which something was put
    /// aside; what that said is in the backup alone then. Where no comparison has held since the last apply and the last
    /// backup, it is ``ParleyError`` with code `conflict`.
    public func clean(_ state: StateDirectory, withQuarantined: Bool = false) async throws -> CleaningReport {
        guard let stamp = try state.lines(.validated).first else {
            throw ParleyError(.conflict, "Nothing is removed before a validate has held since the last apply.")
        }
        let backup = try await BackupFile.read(state.path(of: .backup))
        guard stamp["backup_sha256"]?.stringValue == backup.sha256,
            stamp["manifest_sha256"]?.stringValue == (try Self.manifestHash(state))
        else {
            throw ParleyError(
                .conflict,
                "The backup or the last apply is another than what validate saw: run it again."
            )
        }
        var report = CleaningReport()
        var candidates: [MigrationKey: ManifestKey] = [:]
        for key in try state.lines(.keys).compactMap(ManifestKey.init) {
            switch key.standing {
            case .leftAlone: report.leftAlone += 1
            case .quarantined where !withQuarantined: report.quarantined += 1
            case .migrated, .quarantined: candidates[key.key] = key
            }
        }
        let cleaned = try state.append(.cleaned)
        var batch: [(record: BackupFile.Record, key: ManifestKey)] = []
        var bytes = 0
        _ = try await BackupFile.read(state.path(of: .backup)) { record in
            guard let key = candidates.removeValue(forKey: record.key) else { return }
            batch.append((record, key))
            bytes += record.payload.count
            guard batch.count == Self.removalBatch || bytes > OldRedis.batchBytes else { return }
            try await remove(batch, cleaned, &report)
            (batch, bytes) = ([], 0)
        }
        try await remove(batch, cleaned, &report)
        report.withoutBackup = candidates.count
        return report
    }

    private func remove(
        _ batch: [(record: BackupFile.Record, key: ManifestKey)],
        _ cleaned: LineWriter,
        _ report: inout CleaningReport
    ) async throws {
        // Written down first, so that a key that is gone can be told from one that somebody else removed.
        for (record, _) in batch {
            let name = record.key.member
            var line: JSONObject = [:]
            line[name.name] = name.value
            try cleaned.write(.object(line))
        }
        try cleaned.synchronize()
        let redis = redis
        let results = try await withThrowingTaskGroup(of: Int64.self) { group in
            for (record, key) in batch {
                group.addTask {
                    try await redis.run(
                        Self.removal,
                        keys: [.bytes(record.key.bytes)],
                        arguments: [.bytes(record.payload), .string(key.hash?.sha1 ?? "")]
                    ).integer ?? 0
                }
            }
            return try await group.reduce(into: [Int64]()) { $0.append($1) }
        }
        for result in results {
            switch result {
            case 0: report.gone += 1
            case ..<0: report.changed += 1
            default: report.removed += 1
            }
        }
    }
}
