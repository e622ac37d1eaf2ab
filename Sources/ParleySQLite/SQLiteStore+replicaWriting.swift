internal import Foundation
internal import GRDB
public import ParleyCore

// Becomes what another store has. The indices follow, as with any other write.
extension SQLiteStore {
    /// Makes a project what the record says.
    public func putReplica(_ record: ProjectRecord) async throws {
        try await write { transaction in
            let (db, project) = (transaction.db, record.project)
            let person = project.isPersonal ? project.members.first?.email : nil
            if try db.exists("SELECT 1 FROM project WHERE personal_of = ? AND id <> ?", [person, project.id]) {
                throw ParleyError.anotherPersonalProject
            }
            try db.run(
                """
                INSERT INTO project
                    (id, name, description, persona, personal_of, fingerprint, created_at, updated_at, retention_days)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
                    persona = excluded.persona, personal_of = excluded.personal_of, fingerprint = excluded.fingerprint,
                    created_at = excluded.created_at, updated_at = excluded.updated_at,
                    retention_days = excluded.retention_days
                """,
                [
                    project.id, project.name, project.description, project.persona, person, record.fingerprint,
                    project.createdAt, project.updatedAt, project.retentionDays,
                ]
            )
            try db.run("DELETE FROM project_member WHERE project_id = ?", [project.id])
            for member in project.members {
                try db.run(
                    "INSERT INTO project_member (project_id, email, role) VALUES (?, ?, ?)",
                    [project.id, member.email, member.role]
                )
            }
        }
    }

    /// Removes a project and all that is in it.
    public func removeReplica(_ project: ProjectID) async throws {
        try await write { transaction in
            let conversations = try transaction.db.all(
                "SELECT id FROM conversation WHERE project_id = ?",
                [project]
            ) { try $0.next(ConversationID.self) }
            for id in conversations { _ = try transaction.deleteConversation(id) }
            try transaction.db.run("DELETE FROM project WHERE id = ?", [project])
        }
    }

    /// Makes a conversation what the record says, and its messages what their records say.
    public func putReplica(
        _ record: ConversationRecord,
        messages: [MessageRecord],
        isWhole: Bool
    ) async throws {
        // Cut before the writer's turn comes.
        let terms = messages.map { $0.indexedText.map(SearchIndex.terms) }
        try await write { transaction in
            try transaction.put(record, isWhole: isWhole)
            try transaction.endReply(beside: messages, in: record.fields.id)
            var next = try transaction.db.nextSeq(of: record.fields.id)
            for (message, terms) in zip(messages, terms) { try transaction.put(message, terms: terms, next: &next) }
        }
    }

    /// Removes a conversation and all that is in it.
    public func removeReplica(_ conversation: ConversationID) async throws {
        try await write { transaction in
            guard try transaction.db.exists("SELECT 1 FROM conversation WHERE id = ?", [conversation]) else { return }
            _ = try transaction.deleteConversation(conversation)
        }
    }

    /// Makes what is kept of a person what the record says.
    public func putReplica(_ person: PersonRecord) async throws {
        try await write { transaction in
            let db = transaction.db
            try db.remove(person.email)
            if let account = person.account {
                try db.run(
                    "INSERT INTO account (email, name, department, password_hash, created_at) VALUES (?, ?, ?, ?, ?)",
                    [account.email, account.name, account.department, account.passwordHash, account.createdAt]
                )
            }
            for session in person.loginSessions {
                try db.run(
                    "INSERT INTO login_session (token_hash, email, created_at, expires_at) VALUES (?, ?, ?, ?)",
                    [Data(session.tokenHash), person.email, session.createdAt, session.expiresAt]
                )
            }
            if let draft = person.draft {
                try db.run(
                    "INSERT INTO draft (email, conversation_id, text, updated_at) VALUES (?, NULL, ?, ?)",
                    [person.email, draft.text, draft.updatedAt]
                )
            }
        }
    }

    /// Removes what is kept of a person beside projects.
    public func removeReplica(_ person: EmailAddress) async throws {
        try await write { try $0.db.remove(person) }
    }

    /// Adds lines to the query log that are not there yet.
    public func putReplica(_ lines: [QueryLogEntry]) async throws {
        try await write { transaction in
            for line in lines
            where try !transaction.db.exists(
                "SELECT 1 FROM query_log WHERE time = ? AND message_id = ?",
                [line.time, line.messageID]
            ) {
                try transaction.db.insert(line)
            }
        }
    }

    /// Removes lines of the query log.
    public func removeReplica(_ lines: [QueryLogEntry]) async throws {
        try await write { transaction in
            for line in lines {
                try transaction.db.run(
                    "DELETE FROM query_log WHERE time = ? AND message_id = ?",
                    [line.time, line.messageID]
                )
            }
        }
    }
}

extension WriteTransaction {
    /// Makes a conversation what the record says, its messages apart.
    fileprivate func put(_ record: ConversationRecord, isWhole: Bool) throws {
        let fields = record.fields
        guard try db.exists("SELECT 1 FROM project WHERE id = ?", [fields.projectID]) else {
            throw ParleyError.notFound
        }
        let present = try db.first(
            """
            SELECT c.key, c.title, c.revision, coalesce(p.revision, c.revision)
            FROM conversation c LEFT JOIN partial_copy p ON p.conversation_id = c.id WHERE c.id = ?
            """,
            [fields.id]
        ) { columns in
            (
                key: try columns.next(Int64.self), title: try columns.next(String.self),
                revision: try columns.next(Int.self), counted: try columns.next(Int.self)
            )
        }
        if let present {
            guard present.revision <= fields.revision else { throw ParleyError.laterReplica }
            try db.run("DELETE FROM draft WHERE conversation_id = ?", [fields.id])
            try db.run("DELETE FROM read_mark WHERE conversation_id = ?", [fields.id])
            try db.run("DELETE FROM import_item WHERE conversation_id = ?", [fields.id])
            if !present.title.isExactly(fields.title) { indexTitle(fields.title, of: present.key) }
        } else {
            try insert(fields, fingerprint: nil)
        }
        try update(record)
        for (email, draft) in record.drafts {
            try db.run(
                "INSERT INTO draft (email, conversation_id, text, updated_at) VALUES (?, ?, ?, ?)",
                [email, fields.id, draft.text, draft.updatedAt]
            )
        }
        for (email, seq) in record.readMarks {
            try db.run(
                "INSERT INTO read_mark (conversation_id, email, seq) VALUES (?, ?, ?)",
                [fields.id, email, seq]
            )
        }
        for item in record.imports { try put(item) }
        if isWhole {
            try db.run("DELETE FROM partial_copy WHERE conversation_id = ?", [fields.id])
        } else {
            try db.run(
                "INSERT INTO partial_copy (conversation_id, revision) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [fields.id, present?.counted ?? 0]
            )
        }
    }

    private func update(_ record: ConversationRecord) throws {
        let fields = record.fields
        try db.run(
            """
            UPDATE conversation SET project_id = ?, owner = ?, title = ?, title_is_given = ?, description = ?, status = ?,
                is_pinned = ?, metadata = ?, message_count = ?, revision = ?, created_at = ?, updated_at = ?,
                last_message_at = ?, forked_from = ?, forked_seq = ?, fingerprint = ?, titled_revision = ? WHERE id = ?
            """,
            [
                fields.projectID, fields.owner, fields.title, fields.hasGivenTitle, fields.description, fields.status,
                fields.isPinned, fields.metadata.column, fields.messageCount, fields.revision, fields.createdAt,
                fields.updatedAt, fields.lastMessageAt, fields.forkedFrom?.conversationID, fields.forkedFrom?.seq,
                record.fingerprint, record.titledRevision, fields.id,
            ]
        )
    }

    /// Takes the running reply's state from a message, where it is to have another one or a different message is to run.
    fileprivate func endReply(beside messages: [MessageRecord], in id: ConversationID) throws {
        let running = try db.first(
            "SELECT key, seq FROM message WHERE conversation_id = ? AND status = 'streaming'",
            [id]
        ) { (key: try $0.next(Int64.self), seq: try $0.next(Int.self)) }
        guard let running, messages.contains(where: { $0.running != nil || $0.message.seq == running.seq }) else {
            return
        }
        try db.run("DELETE FROM live_reply WHERE message_key = ?", [running.key])
        try db.run("DELETE FROM reply_piece WHERE message_key = ?", [running.key])
        try db.run("UPDATE message SET status = 'interrupted' WHERE key = ?", [running.key])
    }

    /// Puts a message at its place, or behind all others, at `next`.
    fileprivate func put(_ record: MessageRecord, terms: String?, next: inout Int) throws {
        let message = record.message
        let present = try db.all(
            "SELECT key, seq FROM message WHERE conversation_id = ?1 AND (seq = ?2 OR id = ?3 OR revision = ?4)",
            [message.conversationID, message.seq, message.id, message.revision]
        ) { (key: try $0.next(Int64.self), seq: try $0.next(Int.self)) }
        guard message.seq <= next, present.allSatisfy({ $0.seq == message.seq }) else {
            throw ParleyError.divergedReplica
        }
        let key: Int64
        if let first = present.first {
            key = first.key
            guard try db.exists("SELECT 1 FROM message WHERE key = ? AND id = ?", [key, message.id]) else {
                throw ParleyError.divergedReplica
            }
            try update(record, key)
            index(terms.map { .replace($0, key, in: .messages) } ?? .remove(key, from: .messages))
        } else {
            try insert(
                message,
                fingerprint: record.fingerprint,
                contentAuthor: record.contentAuthor,
                contentAt: record.contentAt,
                replyTo: record.replyTo,
                fence: record.fence
            )
            key = db.lastInsertedRowID
            if let terms { index(.insert(terms, key, into: .messages)) }
            next += 1
        }
        try putParts(of: record, key, isNew: present.isEmpty)
    }

    private func update(_ record: MessageRecord, _ key: Int64) throws {
        let message = record.message
        try db.run(
            """
            UPDATE message SET revision = ?, role = ?, author = ?, status = ?, is_edited = ?, created_at = ?, updated_at = ?,
                content_author = ?, content_at = ?, reply_to = ?, fence = ?, fingerprint = ?, confidence = ?, model = ?,
                prompt_tokens = ?, completion_tokens = ?, latency_ms = ?, reactions = ?, metadata = ?, parts = ?,
                contexts = ?, ai_response = ?, content = ? WHERE key = ?
            """,
            [
                message.revision, message.role, message.author, message.status, message.isEdited, message.createdAt,
                message.updatedAt, record.contentAuthor, record.contentAt, record.replyTo, record.fence,
                record.fingerprint, message.confidence, message.model, message.tokensUsed?.prompt,
                message.tokensUsed?.completion, message.latencyMilliseconds, message.reactions.column,
                message.metadata.column, message.parts.map(JSON.array), message.contexts.map(JSON.array),
                message.aiResponse, message.content, key,
            ]
        )
    }

    /// Stores what stands beside a message: its versions, and a running reply's pieces.
    private func putParts(of record: MessageRecord, _ key: Int64, isNew: Bool) throws {
        if !isNew { try db.run("DELETE FROM message_version WHERE message_key = ?", [key]) }
        for (position, version) in record.versions.enumerated() {
            try db.run(
                """
                INSERT INTO message_version (message_key, position, octets, author, created_at, content)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [key, position, version.content.utf8.count, version.author, version.createdAt, version.content]
            )
        }
        guard let running = record.running else { return }
        try db.run(
            """
            INSERT INTO live_reply (conversation_id, message_key, fence, expires_at, stop_requested, next_index)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                record.message.conversationID, key, record.fence, running.leaseEnd, running.isStopRequested,
                running.pieces.count,
            ]
        )
        for (position, piece) in running.pieces.enumerated() {
            try db.run(
                "INSERT INTO reply_piece (message_key, position, text) VALUES (?, ?, ?)",
                [key, position, piece]
            )
        }
    }
}

extension Database {
    /// The place behind a conversation's last message.
    fileprivate func nextSeq(of conversation: ConversationID) throws -> Int {
        try first("SELECT coalesce(max(seq), 0) + 1 FROM message WHERE conversation_id = ?", [conversation]) {
            try $0.next(Int.self)
        } ?? 1
    }

    fileprivate func remove(_ person: EmailAddress) throws {
        try run("DELETE FROM account WHERE email = ?", [person])
        try deleteDraft(of: person, in: nil)
    }
}

extension MessageRecord {
    /// What the search index holds of it.
    fileprivate var indexedText: String? {
        switch message.status {
        case .streaming, .deleted: nil
        case .delivered, .failed, .interrupted: message.content
        }
    }
}
