internal import LibPQ
public import ParleyCore

// Becomes what another store has. Locks are taken in the usual order: the project, then the conversation.
extension PostgresStore {
    /// Makes a project what the record says.
    public func putReplica(_ record: ProjectRecord) async throws {
        try await write { transaction in
            let (db, project) = (transaction.db, record.project)
            let person = project.isPersonal ? project.members.first?.email : nil
            let isTaken = try await db.exists(
                "SELECT FROM project WHERE personal_of = $1 AND id <> $2",
                Arguments([.value(person), .value(project.id)])
            )
            if isTaken { throw ParleyError.anotherPersonalProject }
            try await db.run(
                """
                INSERT INTO project
                    (id, name, description, persona, personal_of, fingerprint, created_at, updated_at, retention_days)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
                    persona = excluded.persona, personal_of = excluded.personal_of, fingerprint = excluded.fingerprint,
                    created_at = excluded.created_at, updated_at = excluded.updated_at,
                    retention_days = excluded.retention_days
                """,
                Arguments([
                    .value(project.id), .value(project.name), .value(project.description), .value(project.persona),
                    .value(person), .value(record.fingerprint), .value(project.createdAt), .value(project.updatedAt),
                    .value(project.retentionDays),
                ])
            )
            try await db.run("DELETE FROM project_member WHERE project_id = $1", [project.id])
            try await db.run(
                "INSERT INTO project_member (project_id, email, role) SELECT $1, * FROM unnest($2::text[], $3::text[])",
                Arguments([
                    .value(project.id), .column(project.members.map(\.email)), .column(project.members.map(\.role)),
                ])
            )
        }
    }

    /// Removes a project and all that is in it.
    public func removeReplica(_ project: ProjectID) async throws {
        try await write(isLong: true) { transaction in
            let db = transaction.db
            guard try await db.exists("SELECT FROM project WHERE id = $1 FOR UPDATE", [project]) else { return }
            try await db.runLong("SELECT FROM conversation WHERE project_id = $1 ORDER BY id FOR UPDATE", [project])
            try await db.runLong("DELETE FROM project WHERE id = $1", [project])
        }
    }

    /// Makes a conversation what the record says, and its messages what their records say.
    public func putReplica(
        _ record: ConversationRecord,
        messages: [MessageRecord],
        isWhole: Bool
    ) async throws {
        let rows = ReplicaRows(messages, in: record.fields.projectID)
        try await write(isLong: messages.count > 50) { transaction in
            try await transaction.put(record, isWhole: isWhole)
            if !messages.isEmpty { try await transaction.put(rows, of: record.fields.id) }
        }
    }

    /// Removes a conversation and all that is in it.
    public func removeReplica(_ conversation: ConversationID) async throws {
        try await write(isLong: true) { transaction in
            _ = try await transaction.db.runLong("DELETE FROM conversation WHERE id = $1", [conversation])
        }
    }

    /// Makes what is kept of a person what the record says.
    public func putReplica(_ person: PersonRecord) async throws {
        try await write { transaction in
            let db = transaction.db
            try await transaction.remove(person.email)
            if let account = person.account {
                try await db.run(
                    "INSERT INTO account (email, name, department, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
                    Arguments([
                        .value(account.email), .value(account.name), .value(account.department),
                        .value(account.passwordHash), .value(account.createdAt),
                    ])
                )
            }
            for session in person.loginSessions {
                try await db.run(
                    "INSERT INTO login_session (token_hash, email, created_at, expires_at) VALUES ($1, $2, $3, $4)",
                    [PostgresBytes(session.tokenHash), person.email, session.createdAt, session.expiresAt]
                )
            }
            if let draft = person.draft {
                try await db.run(
                    "INSERT INTO draft (email, conversation_id, text, updated_at) VALUES ($1, NULL, $2, $3)",
                    [person.email, draft.text, draft.updatedAt]
                )
            }
        }
    }

    /// Removes what is kept of a person beside projects.
    public func removeReplica(_ person: EmailAddress) async throws {
        try await write { try await $0.remove(person) }
    }

    /// Adds lines to the query log that are not there yet.
    public func putReplica(_ lines: [QueryLogEntry]) async throws {
        try await write(isLong: lines.count > 50) { transaction in
            // A mirror and a copy bring the same lines, and one that isn't committed yet is seen by nobody else.
            try await transaction.db.run("SELECT pg_advisory_xact_lock(20563, 0)")
            for line in lines { try await transaction.db.run(QueryLogEntry.insertionOfNew, line.arguments) }
        }
    }

    /// Removes lines of the query log.
    public func removeReplica(_ lines: [QueryLogEntry]) async throws {
        try await write(isLong: lines.count > 50) { transaction in
            for line in lines {
                try await transaction.db.run(
                    "DELETE FROM query_log WHERE time = $1 AND message_id = $2",
                    [line.time, line.messageID]
                )
            }
        }
    }
}

extension WriteTransaction {
    fileprivate func remove(_ person: EmailAddress) async throws {
        try await db.run("DELETE FROM account WHERE email = $1", [person])
        try await db.run("DELETE FROM draft WHERE conversation_id IS NULL AND email = $1", [person])
    }

    /// Makes a conversation what the record says, its messages apart.
    fileprivate func put(_ record: ConversationRecord, isWhole: Bool) async throws {
        let fields = record.fields
        guard try await db.exists("SELECT FROM project WHERE id = $1 FOR KEY SHARE", [fields.projectID]) else {
            throw ParleyError.notFound
        }
        let present = try await lockedCopy(fields.id)
        if let present {
            guard present.revision <= fields.revision else { throw ParleyError.laterReplica }
            try await db.run("DELETE FROM draft WHERE conversation_id = $1", [fields.id])
            try await db.run("DELETE FROM read_mark WHERE conversation_id = $1", [fields.id])
            try await db.run("DELETE FROM import_item WHERE conversation_id = $1", [fields.id])
            if present.project != fields.projectID {
                try await db.runLong(
                    """
                    UPDATE message SET lexemes = ts_delete(lexemes, $2) || array_to_tsvector(ARRAY[$3])
                    WHERE conversation_id = $1 AND lexemes IS NOT NULL
                    """,
                    [fields.id, SearchEntry.lexeme(of: present.project), SearchEntry.lexeme(of: fields.projectID)]
                )
            }
        } else if try await !insert(fields, fingerprint: nil) {
            throw ParleyError.overtaken
        }
        try await update(record)
        let drafts = Array(record.drafts)
        try await db.run(
            """
            INSERT INTO draft (email, conversation_id, text, updated_at)
            SELECT t.email, $1, t.text, t.time FROM unnest($2::text[], $3::text[], $4::int8[]) AS t(email, text, time)
            """,
            Arguments([
                .value(fields.id), .column(drafts.map(\.key)), .column(drafts.map(\.value.text)),
                .column(drafts.map(\.value.updatedAt)),
            ])
        )
        let marks = Array(record.readMarks)
        try await db.run(
            "INSERT INTO read_mark (conversation_id, email, seq) SELECT $1, * FROM unnest($2::text[], $3::int8[])",
            Arguments([.value(fields.id), .column(marks.map(\.key)), .column(marks.map(\.value))])
        )
        for item in record.imports { try await put(item) }
        if isWhole {
            try await db.run("DELETE FROM partial_copy WHERE conversation_id = $1", [fields.id])
        } else {
            try await db.run(
                "INSERT INTO partial_copy (conversation_id, revision) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                [fields.id, present?.counted ?? 0]
            )
        }
    }

    private func lockedCopy(
        _ id: ConversationID
    ) async throws -> (project: ProjectID, revision: Int, counted: Int)? {
        try await db.run("SELECT FROM conversation WHERE id = $1 FOR NO KEY UPDATE", [id])
        return try await db.first(
            """
            SELECT c.project_id, c.revision, coalesce(p.revision, c.revision)
            FROM conversation c LEFT JOIN partial_copy p ON p.conversation_id = c.id WHERE c.id = $1
            """,
            [id]
        ) { (project: try $0.next(), revision: try $0.next(), counted: try $0.next()) }
    }

    private func update(_ record: ConversationRecord) async throws {
        let fields = record.fields
        let entry = SearchEntry(fields.title, in: fields.projectID)
        try await db.run(
            """
            UPDATE conversation SET project_id = $2, owner = $3, title = $4, title_is_given = $5, description = $6,
                status = $7, is_pinned = $8, metadata = $9, message_count = $10, revision = $11, tag = $12,
                created_at = $13, updated_at = $14, last_message_at = $15, forked_from = $16, forked_seq = $17,
                fingerprint = $18, titled_revision = $19, terms = $20, lexemes = array_to_tsvector($21)
            WHERE id = $1
            """,
            Arguments([
                .value(fields.id), .value(fields.projectID), .value(fields.owner), .value(fields.title),
                .value(fields.hasGivenTitle), .value(fields.description), .value(fields.status),
                .value(fields.isPinned), .value(fields.metadata.column), .value(fields.messageCount),
                .value(fields.revision), .value(newTag()), .value(fields.createdAt), .value(fields.updatedAt),
                .value(fields.lastMessageAt), .value(fields.forkedFrom?.conversationID),
                .value(fields.forkedFrom?.seq), .value(record.fingerprint), .value(record.titledRevision),
                .value(entry.terms), .column(entry.lexemes),
            ])
        )
    }
}
