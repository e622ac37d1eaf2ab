public import ParleyCore

extension PostgresStore: ConversationStore {
    /// Ends a reply: its pieces become its text.
    public func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message> {
        try await write { transaction in
            var state = try await transaction.lock(lease.conversationID)
            _ = try await transaction.lockLiveReply(under: lease)
            let before = try await transaction.db.requireMessage(lease.messageID, in: state)
            let now = state.now
            let message = try await transaction.update(before, in: &state) { entry in
                entry.endReply(outcome.status, at: now)
                entry.message.take(outcome)
            }
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }

    /// Asks whoever writes a reply to stop.
    public func requestStop(of id: MessageID, as identity: Identity) async throws -> Message {
        try await write { transaction in
            let found = try await transaction.locate(id, for: .write, as: identity)
            try await transaction.db.run(
                "UPDATE live_reply SET stop_requested = true WHERE conversation_id = $1 AND seq = $2",
                [found.state.id, found.message.message.seq]
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
        let progress = try await read { db in
            try await db.first(
                """
                SELECT f.project_id,
                    ARRAY(SELECT r.text FROM reply_piece r
                        WHERE r.conversation_id = m.conversation_id AND m.status = 'streaming' AND r.position > $3
                        ORDER BY r.position),
                    \(Message.columns)
                FROM (\(WriteTransaction.locateStatement)) f
                JOIN message m ON m.conversation_id = f.id AND m.id = $1
                """,
                [id, identity.email, index]
            ) { columns in
                let project = try columns.next(ProjectID.self)
                // Pieces stand side by side from 0 on.
                let pieces = try columns.nextArray(String.self).compactMap(\.self).enumerated()
                    .map { ReplyDelta(messageID: id, index: max(index, -1) + 1 + $0.offset, text: $0.element) }
                return ReplyProgress(message: try Message(&columns, projectID: project), deltas: pieces)
            }
        }
        guard let progress else { throw ParleyError.notFound }
        return progress
    }

    /// The reply that is being written in a conversation, and all its pieces, from one snapshot.
    public func runningReply(in conversation: ConversationID, as identity: Identity) async throws -> ReplyProgress? {
        let found = try await read { db in
            try await db.all(
                """
                SELECT c.project_id,
                    ARRAY(SELECT r.text FROM reply_piece r WHERE r.conversation_id = c.id ORDER BY r.position),
                    \(Message.columns)
                FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
                LEFT JOIN (live_reply v JOIN message m ON m.conversation_id = v.conversation_id AND m.seq = v.seq)
                    ON v.conversation_id = c.id
                WHERE c.id = $1 AND \(Retention.keeps())
                """,
                [conversation, identity.email]
            ) { columns -> ReplyProgress? in
                let project = try columns.next(ProjectID.self)
                let pieces = try columns.nextArray(String.self).compactMap(\.self).enumerated()
                if columns.isNull { return nil }
                let message = try Message(&columns, projectID: project)
                let deltas = pieces.map { ReplyDelta(messageID: message.id, index: $0.offset, text: $0.element) }
                return ReplyProgress(message: message, deltas: deltas)
            }
        }
        // Where nothing is written there is a row all the same.
        guard let progress = found.first else { throw ParleyError.notFound }
        return progress
    }

    /// Marks `interrupted` every reply whose lease has run out, with what it had.
    ///
    /// Several instances do so at the same time: what another one is just changing is left to it, or to the next time.
    public func interruptAbandonedReplies() async throws -> Commit<Int> {
        let abandoned = try await read { db in
            try await db.all(
                "SELECT conversation_id FROM live_reply WHERE expires_at <= \(LeaseTime.now(1)) ORDER BY conversation_id",
                [leaseTime.now]
            ) { try $0.next(ConversationID.self) }
        }
        var changes: [Change] = []
        // One transaction each: what was interrupted so far is so, whatever becomes of the others.
        for conversation in abandoned {
            do {
                let change = try await write { try await $0.interruptReply(in: conversation) }
                if let change { changes.append(change) }
            } catch  where !changes.isEmpty {
                // Those who watch must hear of these; the rest comes next time, and with it the error if it lasts.
                break
            }
        }
        return Commit(changes.count, changes: changes)
    }
}

extension WriteTransaction {
    /// Ends a reply whose writer has gone; `nil` where it is not so any more, or where somebody else is at it.
    fileprivate func interruptReply(in conversation: ConversationID) async throws -> Change? {
        let isFree = try await db.exists(
            "SELECT FROM conversation WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED",
            [conversation]
        )
        guard isFree else { return nil }
        // Locked before its text is read: a writer that comes late all the same adds nothing that would be lost.
        let seq = try await db.first(
            """
            SELECT seq FROM live_reply WHERE conversation_id = $1 AND expires_at <= \(LeaseTime.now(2))
            FOR UPDATE SKIP LOCKED
            """,
            [conversation, leaseTime.now]
        ) { try $0.next(Int.self) }
        guard let seq else { return nil }
        var state = try await state(of: conversation)
        guard let before = try await db.message(seq: seq, in: state) else { return nil }
        let now = state.now
        let message = try await update(before, in: &state) { $0.endReply(.interrupted, at: now) }
        return .messageUpdated(message)
    }
}
