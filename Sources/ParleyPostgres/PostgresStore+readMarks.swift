public import ParleyCore

extension PostgresStore {
    /// Notes how far the caller has read a conversation.
    public func setReadMark(
        _ seq: Int,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Commit<ReadMark> {
        try await write { transaction in
            let db = transaction.db
            let seq = min(seq, try await transaction.keep(conversation, for: .read, as: identity))
            let moved =
                try seq < 1
                ? nil
                : await db.first(
                    """
                    INSERT INTO read_mark (conversation_id, email, seq) VALUES ($1, $2, $3)
                    ON CONFLICT (conversation_id, email) DO UPDATE SET seq = excluded.seq WHERE read_mark.seq < excluded.seq
                    RETURNING seq
                    """,
                    [conversation, identity.email, seq]
                ) { try $0.next(Int.self) }
            if let moved { return .read(ReadMark(conversationID: conversation, seq: moved), by: identity.email) }
            let present = try await db.first(
                "SELECT seq FROM read_mark WHERE conversation_id = $1 AND email = $2",
                [conversation, identity.email]
            ) { try $0.next(Int.self) }
            return Commit(ReadMark(conversationID: conversation, seq: present ?? 0), changes: [])
        }
    }

    /// How far the caller has read each of several conversations.
    public func readMarks(of conversations: [ConversationID], as identity: Identity) async throws -> [ReadMark] {
        guard !conversations.isEmpty else { return [] }
        return try await read { db in
            try await db.all(
                """
                SELECT r.conversation_id, r.seq FROM read_mark r JOIN conversation c ON c.id = r.conversation_id
                JOIN project_member p ON p.project_id = c.project_id AND p.email = r.email
                WHERE r.conversation_id = ANY($1::uuid[]) AND r.email = $2 AND \(Retention.keeps())
                """,
                Arguments([.column(conversations), .value(identity.email)])
            ) { ReadMark(conversationID: try $0.next(), seq: try $0.next()) }
        }
    }
}
