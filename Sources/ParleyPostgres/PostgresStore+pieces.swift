public import ParleyCore

extension PostgresStore {
    /// Commits pieces of a reply and renews the lease.
    public func appendPieces(
        _ pieces: [String],
        at index: Int,
        under lease: ReplyLease
    ) async throws -> LeaseState {
        try await appendPiecesAlone(pieces, at: index, under: lease)
    }

    /// Renews a lease while the model is silent.
    public func renew(_ lease: ReplyLease) async throws -> LeaseState {
        try await renewAlone(lease)
    }
}
