internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// The caller's own draft; `nil` where there is none.
    public func draft(in conversation: ConversationID?, as identity: Identity) async throws -> Draft? {
        try await read { db in
            if let conversation { _ = try db.conversationState(conversation, for: .read, as: identity) }
            return try db.draft(of: identity.email, in: conversation)
        }
    }

    /// Keeps the caller's own draft; an empty text removes it.
    public func setDraft(
        _ text: String,
        in conversation: ConversationID?,
        as identity: Identity
    ) async throws -> Draft {
        try await write { transaction in
            let db = transaction.db
            if let conversation { _ = try db.conversationState(conversation, for: .write, as: identity) }
            if let present = try db.draft(of: identity.email, in: conversation), present.text.isExactly(text) {
                return present
            }
            let draft = Draft(text: text, updatedAt: transaction.now)
            try db.deleteDraft(of: identity.email, in: conversation)
            guard !text.isEmpty else { return draft }
            try db.run(
                "INSERT INTO draft (email, conversation_id, text, updated_at) VALUES (?, ?, ?, ?)",
                [identity.email, conversation, text, draft.updatedAt]
            )
            return draft
        }
    }
}

extension Database {
    /// Removes a person's draft; none is fine.
    func deleteDraft(of email: EmailAddress, in conversation: ConversationID?) throws {
        if let conversation {
            try run("DELETE FROM draft WHERE conversation_id = ? AND email = ?", [conversation, email])
        } else {
            try run("DELETE FROM draft WHERE conversation_id IS NULL AND email = ?", [email])
        }
    }

    fileprivate func draft(of email: EmailAddress, in conversation: ConversationID?) throws -> Draft? {
        let read = { (columns: inout Columns) in Draft(text: try columns.next(), updatedAt: try columns.next()) }
        guard let conversation else {
            return try first(
                "SELECT text, updated_at FROM draft WHERE conversation_id IS NULL AND email = ?",
                [email],
                read
            )
        }
        return try first(
            "SELECT text, updated_at FROM draft WHERE conversation_id = ? AND email = ?",
            [conversation, email],
            read
        )
    }
}
