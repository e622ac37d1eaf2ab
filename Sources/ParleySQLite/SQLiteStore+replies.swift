internal import GRDB
public import ParleyCore

extension SQLiteStore: ConversationStore {
    /// Commits pieces of a reply and renews the lease.
    public func appendPieces(
        _ pieces: [String],
        at index: Int,
        under lease: ReplyLease
    ) async throws -> LeaseState {
        // SQLite's texts end at a NUL: what came behind it would be lost without a word.
        guard !pieces.contains(where: { $0.utf8.contains(0) }) else {
            throw ParleyError.invalid("pieces", "A piece must not hold the character U+0000.")
        }
        return try await write { transaction in
            let db = transaction.db
            let reply = try db.liveReply(under: lease)
            guard 0...reply.nextIndex ~= index else { throw ParleyError.piecesDoNotFit }
            let repeated = min(reply.nextIndex - index, pieces.count)
            if repeated > 0 {
                let stored = try db.all(
                    "SELECT text FROM reply_piece WHERE message_key = ? AND position >= ? ORDER BY position LIMIT ?",
                    [reply.key, index, repeated]
                ) { try $0.next(String.self) }
                guard zip(stored, pieces).allSatisfy({ $0.isExactly($1) }) else { throw ParleyError.piecesDoNotFit }
            }
            var nextIndex = reply.nextIndex
            for piece in pieces.dropFirst(repeated) {
                try db.run(
                    "INSERT INTO reply_piece (message_key, position, text) VALUES (?, ?, ?)",
                    [reply.key, nextIndex, piece]
                )
                nextIndex += 1
            }
            try transaction.renew(reply, of: lease.conversationID, nextIndex: nextIndex)
            return reply.state
        }
    }

    /// Renews a lease while the model is silent.
    public func renew(_ lease: ReplyLease) async throws -> LeaseState {
        try await write { transaction in
            let reply = try transaction.db.liveReply(under: lease)
            try transaction.renew(reply, of: lease.conversationID, nextIndex: reply.nextIndex)
            return reply.state
        }
    }

    /// Ends a reply: its pieces become its text.
    public func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message> {
        try await write { transaction in
            _ = try transaction.db.liveReply(under: lease)
            var state = try transaction.db.conversationState(lease.conversationID)
            let before = try transaction.db.requireMessage(lease.messageID, in: state)
            let now = transaction.now
            let message = try transaction.update(before, in: &state) { entry in
                entry.endReply(outcome.status, at: now)
                entry.message.take(outcome)
            }
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }

    /// Asks whoever writes a reply to stop.
    public func requestStop(of id: MessageID, as identity: Identity) async throws -> Message {
        try await write { transaction in
            let found = try transaction.db.locate(id, for: .write, as: identity)
            try transaction.db.run(
                "UPDATE live_reply SET stop_requested = 1 WHERE message_key = ?",
                [found.message.key]
            )
            return found.message.message
        }
    }

    /// A reply, and its pieces behind an index, from one snapshot.
    public func replyProgress(
        of id: MessageID,
        after index: Int,
        as identity: Identity
    ) async throws -> ReplyProgress {
        try await read { db in
            let message = try db.locate(id, for: .read, as: identity).message.message
            guard message.status == .streaming else { return ReplyProgress(message: message, deltas: []) }
            let deltas = try db.deltas(of: id, in: message.conversationID, after: index)
            return ReplyProgress(message: message, deltas: deltas)
        }
    }

    /// The reply that is being written in a conversation, and all its pieces, from one snapshot.
    public func runningReply(in conversation: ConversationID, as identity: Identity) async throws -> ReplyProgress? {
        try await read { db in
            let state = try db.conversationState(conversation, for: .read, as: identity)
            let id = try db.first(
                """
                SELECT m.id FROM live_reply l CROSS JOIN message m ON m.key = l.message_key WHERE l.conversation_id = ?
                """,
                [conversation]
            ) { try $0.next(MessageID.self) }
            guard let id else { return nil }
            let deltas = try db.deltas(of: id, in: conversation, after: -1)
            return ReplyProgress(message: try db.requireMessage(id, in: state).message, deltas: deltas)
        }
    }

    /// Marks `interrupted` every reply whose lease has run out, with what it had.
    public func interruptAbandonedReplies() async throws -> Commit<Int> {
        try await interruptReplies(expiredBy: clock.now())
    }

    /// Marks running replies `interrupted`: those whose lease has run out by a time, or all.
    func interruptReplies(expiredBy time: Timestamp?) async throws -> Commit<Int> {
        try await write { transaction in
            let abandoned = try transaction.db.all(
                """
                SELECT l.conversation_id, m.id FROM live_reply l JOIN message m ON m.key = l.message_key
                WHERE ?1 IS NULL OR l.expires_at <= ?1 ORDER BY l.conversation_id
                """,
                [time]
            ) { (conversation: try $0.next(ConversationID.self), message: try $0.next(MessageID.self)) }
            let changes = try abandoned.map { reply in
                var state = try transaction.db.conversationState(reply.conversation)
                let before = try transaction.db.requireMessage(reply.message, in: state)
                let now = transaction.now
                let message = try transaction.update(before, in: &state) { $0.endReply(.interrupted, at: now) }
                return Change.messageUpdated(message)
            }
            return Commit(changes.count, changes: changes)
        }
    }
}

/// A reply that is being written, and its lease.
private struct LiveReply {
    let key: Int64
    let nextIndex: Int
    let state: LeaseState
}

extension Database {
    /// The pieces of a running reply behind an index.
    fileprivate func deltas(
        of id: MessageID,
        in conversation: ConversationID,
        after index: Int
    ) throws -> [ReplyDelta] {
        try all(
            """
            SELECT r.position, r.text FROM message m CROSS JOIN reply_piece r ON r.message_key = m.key
            WHERE m.id = ? AND m.conversation_id = ? AND r.position > ? ORDER BY r.position
            """,
            [id, conversation, index]
        ) { ReplyDelta(messageID: id, index: try $0.next(), text: try $0.next()) }
    }

    /// The running reply that a lease is for, as long as its fence is the present one.
    fileprivate func liveReply(under lease: ReplyLease) throws -> LiveReply {
        let reply = try first(
            """
            SELECT l.message_key, l.next_index, l.stop_requested
            FROM live_reply l CROSS JOIN message m ON m.key = l.message_key AND m.id = ?2
            WHERE l.conversation_id = ?1 AND l.fence = ?3
            """,
            [lease.conversationID, lease.messageID, lease.fence]
        ) { columns in
            LiveReply(
                key: try columns.next(),
                nextIndex: try columns.next(),
                state: try columns.next(Bool.self) ? .stopRequested : .held
            )
        }
        guard let reply else { throw ParleyError.notFound }
        return reply
    }
}

extension WriteTransaction {
    fileprivate func renew(_ reply: LiveReply, of conversation: ConversationID, nextIndex: Int) throws {
        try db.run(
            "UPDATE live_reply SET expires_at = ?, next_index = ? WHERE conversation_id = ?",
            [now + Limits.replyLease, nextIndex, conversation]
        )
    }
}
