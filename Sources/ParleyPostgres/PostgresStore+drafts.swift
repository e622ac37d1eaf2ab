public import ParleyCore

extension PostgresStore {
    /// The caller's own draft; `nil` where there is none.
    public func draft(in conversation: ConversationID?, as identity: Identity) async throws -> Draft? {
        try await read { db in
            guard let conversation else {
                return try await db.first(
                    "SELECT text, updated_at FROM draft WHERE conversation_id IS NULL AND email = $1",
                    [identity.email]
                ) { try Draft(&$0) }
            }
            let found = try await db.first(
                """
                SELECT d.text, d.updated_at
                FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
                LEFT JOIN draft d ON d.conversation_id = c.id AND d.email = $2
                WHERE c.id = $1 AND \(Retention.keeps())
                """,
                [conversation, identity.email]
            ) { (draft: try $0.isNull ? nil : Draft(&$0), isThere: true) }
            guard let found else { throw ParleyError.notFound }
            return found.draft
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
            if let conversation { _ = try await transaction.keep(conversation, for: .write, as: identity) }
            let present = try await db.first(
                """
                SELECT text, updated_at FROM draft
                WHERE email = $1 AND conversation_id \(conversation == nil ? "IS NULL" : "= $2") FOR UPDATE
                """,
                conversation.map { [identity.email, $0] } ?? [identity.email]
            ) { try Draft(&$0) }
            if let present, present.text.isExactly(text) { return present }
            let draft = Draft(text: text, updatedAt: transaction.now)
            guard !text.isEmpty else {
                try await db.deleteDraft(of: identity.email, in: conversation)
                return draft
            }
            let place =
                conversation == nil
                ? "(email) WHERE conversation_id IS NULL"
                : "(conversation_id, email) WHERE conversation_id IS NOT NULL"
            try await db.run(
                """
                INSERT INTO draft (email, conversation_id, text, updated_at) VALUES ($1, $2, $3, $4)
                ON CONFLICT \(place) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at
                """,
                Arguments([.value(identity.email), .value(conversation), .value(text), .value(draft.updatedAt)])
            )
            return draft
        }
    }
}

extension WriteTransaction {
    /// Keeps a conversation and the caller's membership until the end, for what the caller has there alone; other writers
    /// are let by.
    ///
    /// So one who removes the member finds that, and removes it too. Returns how many messages there are.
    func keep(_ conversation: ConversationID, for access: Access, as identity: Identity) async throws -> Int {
        let statement = """
            SELECT p.role, c.message_count FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
            WHERE c.id = $1 AND \(Retention.keeps()) FOR KEY SHARE OF c, p
            """
        let place = {
            try await db.first(statement, [conversation, identity.email]) {
                (role: try $0.next(Role.self), messageCount: try $0.next(Int.self))
            }
        }
        var found = try await place()
        // Where the conversation was moved meanwhile, only a statement that begins now sees its new members.
        if found == nil { found = try await place() }
        try access.require(of: found?.role)
        return found?.messageCount ?? 0
    }
}

extension Querying {
    /// Removes a person's draft; none is fine.
    func deleteDraft(of email: EmailAddress, in conversation: ConversationID?) async throws {
        if let conversation {
            try await run("DELETE FROM draft WHERE conversation_id = $1 AND email = $2", [conversation, email])
        } else {
            try await run("DELETE FROM draft WHERE conversation_id IS NULL AND email = $1", [email])
        }
    }
}

extension Draft {
    fileprivate init(_ columns: inout Columns) throws {
        self.init(text: try columns.next(), updatedAt: try columns.next())
    }
}
