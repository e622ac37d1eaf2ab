internal import LibPQ
internal import ParleyCore

extension PostgresStore {
    /// The secret that all instances sign with: the one that is kept, or `proposal`, which is kept from now on.
    ///
    /// Of several instances that start at once, all get the same.
    public func signingSecret(orKeep proposal: [UInt8]) async throws -> [UInt8] {
        let kept = "SELECT secret FROM signing_secret"
        let read: (inout Columns) throws -> [UInt8] = { try $0.next(PostgresBytes.self).bytes }
        if let secret = try await self.read({ try await $0.first(kept, [], read) }) { return secret }
        let secret = try await write { transaction in
            try await transaction.db.run(
                "INSERT INTO signing_secret (secret) VALUES ($1) ON CONFLICT DO NOTHING",
                [PostgresBytes(proposal)]
            )
            return try await transaction.db.first(kept, [], read)
        }
        guard let secret else { throw ParleyError(.internalError, "The signing secret could not be kept.") }
        return secret
    }
}
