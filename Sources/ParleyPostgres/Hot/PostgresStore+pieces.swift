internal import LibPQ
public import ParleyCore

extension PostgresStore {
    /// Commits pieces of a reply and renews the lease.
    ///
    /// Calls for different replies share a statement. One whose pieces don't come right behind those that are there is
    /// decided alone.
    public func appendPieces(_ pieces: [String], at index: Int, under lease: ReplyLease) async throws -> LeaseState {
        let call = PieceCall(lease: lease, index: index, pieces: pieces)
        if let state = try await state(of: call) { return state }
        return try await appendPiecesAlone(pieces, at: index, under: lease)
    }

    /// Renews a lease while the model is silent.
    public func renew(_ lease: ReplyLease) async throws -> LeaseState {
        if let state = try await state(of: PieceCall(lease: lease, index: nil, pieces: [])) { return state }
        return try await renewAlone(lease)
    }

    private func state(of call: PieceCall) async throws -> LeaseState? {
        try await batched(alone: nil) {
            try await pieces.perform(call, key: call.lease.conversationID, weight: call.weight)
        }
    }
}
