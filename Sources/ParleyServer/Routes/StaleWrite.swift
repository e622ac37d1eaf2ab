import ParleyCore

/// A write that was refused as stale, and what the caller has missed since the revision they knew.
struct StaleWrite: Error {
    let error: ParleyError
    let missed: ChangePage
}

extension ConversationStore {
    /// Runs a write; where it is refused since the conversation has moved on, reads what has changed since the revision that
    /// the caller expected, so that they can go on from the answer.
    ///
    /// A write that is not refused costs nothing more. What can't be read is left out: the refusal stands without it, as it
    /// does for a revision that never was.
    ///
    /// - Parameters:
    ///   - expected: The revision that the caller knew.
    ///   - conversation: Where the write goes; asked for only where it was refused.
    ///   - identity: Who writes, and is told no more than they may read.
    ///   - write: The write.
    /// - Returns: What the write returns.
    /// - Throws: What the write throws; for a stale one, where it could be read what was missed, ``StaleWrite``.
    func tellingMissed<Value>(
        since expected: Int?,
        in conversation: @autoclosure () async throws -> ConversationID,
        as identity: Identity,
        _ write: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await write()
        } catch {
            guard let stale = error as? ParleyError, stale.code == .stale, let present = stale.revision, let expected,
                expected < present,
                // The refusal is what counts; why the rest of it could not be read is the store's to log.
                let missed = try? await changes(
                    in: try await conversation(),
                    since: expected,
                    limit: Limits.pageSize,
                    as: identity
                )
            else { throw error }
            throw StaleWrite(error: stale, missed: missed)
        }
    }
}
