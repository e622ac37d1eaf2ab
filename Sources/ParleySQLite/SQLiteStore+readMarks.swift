internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// Notes how far the caller has read a conversation.
    public func setReadMark(
        _ seq: Int,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Commit<ReadMark> {
        try await write { transaction in
            let db = transaction.db
            let state = try db.conversationState(conversation, for: .read, as: identity)
            let present =
                try db.first(
                    "SELECT seq FROM read_mark WHERE conversation_id = ? AND email = ?",
                    [conversation, identity.email]
                ) { try $0.next(Int.self) } ?? 0
            let seq = min(seq, state.messageCount)
            guard seq > present else {
                return Commit(ReadMark(conversationID: conversation, seq: present), changes: [])
            }
            try db.run(
                """
                INSERT INTO read_mark (conversation_id, email, seq) VALUES (?, ?, ?)
                ON CONFLICT (conversation_id, email) DO UPDATE SET seq = excluded.seq
                """,
                [conversation, identity.email, seq]
            )
            return .read(ReadMark(conversationID: conversation, seq: seq), by: identity.email)
        }
    }

    /// How far the caller has read each of several conversations.
    public func readMarks(of conversations: [ConversationID], as identity: Identity) async throws -> [ReadMark] {
        try await read { db in
            try Set(conversations).compactMap { id in
                try db.first(
                    """
                    SELECT r.seq FROM read_mark r CROSS JOIN conversation c ON c.id = r.conversation_id
                    CROSS JOIN project_member p ON p.project_id = c.project_id AND p.email = r.email
                    WHERE r.conversation_id = ? AND r.email = ? AND \(Retention.keeps())
                    """,
                    [id, identity.email]
                ) { ReadMark(conversationID: id, seq: try $0.next()) }
            }
        }
    }
}
