internal import ParleyCore

extension PostgresStore {
    /// Commits pieces of a reply and renews the lease, in a transaction of its own.
    func appendPiecesAlone(
        _ pieces: [String],
        at index: Int,
        under lease: ReplyLease
    ) async throws -> LeaseState {
        // What PostgreSQL's text can't hold.
        guard pieces.allSatisfy(\.isStorable) else {
            throw ParleyError.invalid("pieces", "A piece must not hold the character U+0000.")
        }
        return try await write { transaction in
            let db = transaction.db
            let reply = try await transaction.lockLiveReply(under: lease)
            guard 0...reply.nextIndex ~= index else { throw ParleyError.piecesDoNotFit }
            let repeated = min(reply.nextIndex - index, pieces.count)
            if repeated > 0 {
                let stored = try await db.all(
                    """
                    SELECT text FROM reply_piece WHERE conversation_id = $1 AND position >= $2 ORDER BY position LIMIT $3
                    """,
                    [lease.conversationID, index, repeated]
                ) { try $0.next(String.self) }
                guard zip(stored, pieces).allSatisfy({ $0.isExactly($1) }) else { throw ParleyError.piecesDoNotFit }
            }
            let fresh = Array(pieces.dropFirst(repeated))
            if !fresh.isEmpty {
                try await db.run(
                    """
                    INSERT INTO reply_piece (conversation_id, position, text)
                    SELECT $1, $2 + t.place - 1, t.text FROM unnest($3::text[]) WITH ORDINALITY t (text, place)
                    """,
                    Arguments([.value(lease.conversationID), .value(reply.nextIndex), .column(fresh)])
                )
            }
            try await transaction.renew(lease, nextIndex: reply.nextIndex + fresh.count)
            return reply.state
        }
    }

    /// Renews a lease in a transaction of its own.
    func renewAlone(_ lease: ReplyLease) async throws -> LeaseState {
        try await write { transaction in
            let reply = try await transaction.lockLiveReply(under: lease)
            try await transaction.renew(lease, nextIndex: reply.nextIndex)
            return reply.state
        }
    }
}

/// A reply that is being written, and its lease.
struct LiveReply {
    let nextIndex: Int
    let state: LeaseState
}

extension WriteTransaction {
    /// The running reply that a lease is for, as long as its fence is the present one; locked until the end, after its
    /// conversation where that is locked, too.
    func lockLiveReply(under lease: ReplyLease) async throws -> LiveReply {
        let reply = try await db.first(
            """
            SELECT l.next_index, l.stop_requested FROM live_reply l
            JOIN message m ON m.conversation_id = l.conversation_id AND m.seq = l.seq AND m.id = $2
            WHERE l.conversation_id = $1 AND l.fence = $3 FOR NO KEY UPDATE OF l
            """,
            [lease.conversationID, lease.messageID, lease.fence]
        ) { LiveReply(nextIndex: try $0.next(), state: try $0.next(Bool.self) ? .stopRequested : .held) }
        guard let reply else { throw ParleyError.notFound }
        return reply
    }

    fileprivate func renew(_ lease: ReplyLease, nextIndex: Int) async throws {
        try await db.run(
            "UPDATE live_reply SET expires_at = \(LeaseTime.end(2)), next_index = $3 WHERE conversation_id = $1",
            [lease.conversationID, leaseTime.now, nextIndex]
        )
    }
}
