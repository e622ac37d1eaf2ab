public import ParleyCore
internal import RedisWire

/// What a backup holds.
public struct BackupReport: Hashable, Sendable {
    /// Where it is.
    public let path: String
    /// How many keys.
    public let keys: Int
    /// How many bytes Redis takes to write them down.
    public let bytes: Int
    /// The checksum of all its lines.
    public let sha256: String
    /// When it was made, in RFC 3339.
    public let createdAt: String
    /// Whether it was there before.
    public let isOld: Bool
    /// Keys that went while it was made.
    public let gone: Int
}

extension RedisMigration {
    /// Writes all keys of the old data to a file, as Redis writes them down, and reads that again.
    ///
    /// Where there is a backup, that one is looked at and stays, since a later one may lack what was cleaned by then; `again` makes
    /// another, and keeps the one before under a name with a number. One that was stopped begins anew: a file that is half from
    /// yesterday is none.
    ///
    /// - Throws: ``ParleyError``, with code `conflict` where `again` is asked for after the cleaning has begun.
    public func backup(to state: StateDirectory, again: Bool = false) async throws -> BackupReport {
        let path = state.path(of: .backup)
        if state.exists(.backup) {
            guard again else { return Self.report(try await BackupFile.read(path), path, isOld: true) }
            guard !state.exists(.cleaned) else {
                throw ParleyError(.conflict, "Old keys are removed already: the backup from before stays.")
            }
            try state.putAside(.backup)
        }
        var gone = 0
        let written = try await state.write(.backup) { writer in
            var writing = try BackupFile.Writing(writer, at: clock.now())
            try await redis.walk { keys in
                for batch in OldRedis.batches(of: try await redis.measure(keys)) {
                    for record in try await records(of: batch) {
                        if let record { try writing.add(record) } else { gone += 1 }
                    }
                }
            }
            return try writing.finish()
        }
        guard try await BackupFile.read(path) == written else {
            throw ParleyError(.internalError, "The backup reads other than it was written.")
        }
        return Self.report(written, path, isOld: false, gone: gone)
    }

    /// What Redis writes down for keys; `nil` for those that have gone.
    private func records(of batch: [OldRedis.Measured]) async throws -> [BackupFile.Record?] {
        let now = try await milliseconds()
        let commands: [RedisCommand] = batch.flatMap { key -> [RedisCommand] in
            [["DUMP", .bytes(key.key.bytes)], ["PTTL", .bytes(key.key.bytes)]]
        }
        let replies = try await redis.replies(commands)
        return batch.enumerated().map { index, key in
            guard let payload = replies[2 * index], !payload.isNull else { return nil }
            let left = replies[2 * index + 1]?.integer ?? -1
            return BackupFile.Record(
                key: key.key,
                type: key.type,
                payload: payload.bytes,
                expiresAt: left >= 0 ? now + left : nil
            )
        }
    }

    /// Redis's own time: its clock decides when keys end.
    func milliseconds() async throws -> Int64 {
        let time = try await redis.send(["TIME"])
        guard let seconds = time?.elements[0]?.integer, let micros = time?.elements[1]?.integer else {
            throw ParleyError(.internalError, "Redis answered TIME with something else.")
        }
        return seconds * 1000 + micros / 1000
    }

    private static func report(
        _ summary: BackupFile.Summary,
        _ path: String,
        isOld: Bool,
        gone: Int = 0
    ) -> BackupReport {
        BackupReport(
            path: path,
            keys: summary.records,
            bytes: summary.bytes,
            sha256: summary.sha256,
            createdAt: summary.createdAt,
            isOld: isOld,
            gone: gone
        )
    }
}

extension BackupReport {
    /// The report for people.
    public var table: String {
        let what = isOld ? "There is a backup from \(createdAt), and it is whole" : "Backed up"
        let lost = gone > 0 ? "\n\(gone) keys went while it was made." : ""
        return "\(what): \(keys) keys, \(bytes) bytes, in \(path)\nSHA-256 \(sha256)\(lost)"
    }

    /// The report as JSON.
    public var json: JSON {
        [
            "path": .string(path), "keys": JSON(integerLiteral: keys), "bytes": JSON(integerLiteral: bytes),
            "sha256": .string(sha256), "created_at": .string(createdAt), "was_there": .bool(isOld),
            "gone": JSON(integerLiteral: gone),
        ]
    }
}
