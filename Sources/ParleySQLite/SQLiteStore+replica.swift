internal import Foundation
internal import GRDB
public import ParleyCore

// What it holds, as it is: for copies, and to compare with them.
extension SQLiteStore: ReplicaStore {
    /// Projects' ids behind one, ascending.
    public func replicaProjects(after id: ProjectID?, limit: Int) async throws -> [ProjectID] {
        try await read { db in
            try db.all(
                "SELECT id FROM project WHERE id > coalesce(?1, x'') ORDER BY id LIMIT ?2",
                [id, limit]
            ) { try $0.next() }
        }
    }

    /// A project with its members.
    public func replicaProject(_ id: ProjectID) async throws -> ProjectRecord? {
        try await read { db in
            let found = try db.all("SELECT fingerprint FROM project WHERE id = ?", [id]) {
                try $0.nextIfPresent(Int64.self)
            }
            guard let fingerprint = found.first else { return nil }
            return ProjectRecord(project: try db.project(id), fingerprint: fingerprint)
        }
    }

    /// How far a project's conversations are, by id, behind one.
    public func replicaConversations(
        in project: ProjectID,
        after id: ConversationID?,
        limit: Int
    ) async throws -> [ConversationHead] {
        try await read { db in
            try db.all(
                """
                SELECT c.id, coalesce(p.revision, c.revision)
                FROM conversation c LEFT JOIN partial_copy p ON p.conversation_id = c.id
                WHERE c.project_id = ?1 AND c.id > coalesce(?2, x'') ORDER BY c.id LIMIT ?3
                """,
                [project, id, limit]
            ) { ConversationHead(id: try $0.next(), revision: try $0.next()) }
        }
    }

    /// A conversation without its messages.
    public func replicaConversation(_ id: ConversationID) async throws -> ConversationRecord? {
        try await read { db in
            let found = try db.first(
                """
                SELECT \(Conversation.columns), coalesce(p.revision, c.revision), c.fingerprint, c.titled_revision
                FROM conversation c LEFT JOIN partial_copy p ON p.conversation_id = c.id WHERE c.id = ?
                """,
                [id]
            ) { columns in
                var fields = try Conversation(&columns)
                fields.preview = nil
                fields.revision = try columns.next()
                return ConversationRecord(
                    fields: fields,
                    fingerprint: try columns.nextIfPresent(),
                    titledRevision: try columns.nextIfPresent()
                )
            }
            guard var record = found else { return nil }
            let drafts = try db.all(
                "SELECT email, text, updated_at FROM draft WHERE conversation_id = ?",
                [id]
            ) { (try $0.next(EmailAddress.self), Draft(text: try $0.next(), updatedAt: try $0.next())) }
            record.drafts = Dictionary(drafts) { first, _ in first }
            let marks = try db.all(
                "SELECT email, seq FROM read_mark WHERE conversation_id = ?",
                [id]
            ) { (try $0.next(EmailAddress.self), try $0.next(Int.self)) }
            record.readMarks = Dictionary(marks) { first, _ in first }
            record.imports = try db.all(
                "SELECT \(ImportedItem.columns) FROM import_item WHERE conversation_id = ? ORDER BY batch",
                [id]
            ) { try ImportedItem(&$0) }
            return record
        }
    }

    /// Messages of a conversation that have changed since a revision, behind a `seq`.
    public func replicaMessages(
        of conversation: ConversationID,
        changedSince revision: Int,
        afterSeq seq: Int,
        limit: Int
    ) async throws -> [MessageRecord] {
        try await read { db in
            guard try db.exists("SELECT 1 FROM conversation WHERE id = ?", [conversation]) else { return [] }
            let state = try db.conversationState(conversation)
            let sizes = try db.all(
                """
                SELECT m.seq, length(CAST(m.content AS BLOB)) + coalesce(length(m.parts), 0)
                    + coalesce(length(m.contexts), 0) + coalesce(length(m.metadata), 0)
                    + coalesce((SELECT sum(v.octets) FROM message_version v WHERE v.message_key = m.key), 0)
                FROM message m
                WHERE m.conversation_id = ?1 AND m.seq > ?3 AND (m.revision > ?2 OR m.status = 'streaming')
                ORDER BY m.seq LIMIT ?4
                """,
                [conversation, revision, seq, limit]
            ) { (seq: try $0.next(Int.self), bytes: try $0.next(Int.self)) }
            var room = Limits.bytesPerReplicaPage
            let page = sizes.enumerated().prefix { index, entry in
                room -= entry.bytes
                return index == 0 || room >= 0
            }
            return try page.compactMap { try db.record(seq: $1.seq, in: state) }
        }
    }

    /// People that something is kept of beside projects, by address, behind one.
    public func replicaPeople(after email: EmailAddress?, limit: Int) async throws -> [PersonRecord] {
        try await read { db in
            let people = try db.all(
                """
                SELECT email FROM account WHERE email > coalesce(?1, '')
                UNION SELECT email FROM draft WHERE conversation_id IS NULL AND email > coalesce(?1, '')
                ORDER BY email LIMIT ?2
                """,
                [email, limit]
            ) { try $0.next(EmailAddress.self) }
            return try people.compactMap(db.person)
        }
    }

    /// One person.
    public func replicaPerson(_ email: EmailAddress) async throws -> PersonRecord? {
        try await read { try $0.person(email) }
    }

    /// Lines of the query log by time and message, behind one.
    public func replicaQueryLog(after line: QueryLogEntry?, limit: Int) async throws -> [QueryLogEntry] {
        try await read { db in
            try db.all(
                """
                SELECT \(QueryLogEntry.columns) FROM query_log
                WHERE (time, message_id) > (coalesce(?1, -9223372036854775808), coalesce(?2, x''))
                ORDER BY time, message_id LIMIT ?3
                """,
                [line?.time, line?.messageID, limit]
            ) { try QueryLogEntry(&$0) }
        }
    }
}

extension Database {
    /// A message with all that belongs to it.
    fileprivate func record(seq: Int, in state: ConversationState) throws -> MessageRecord? {
        guard let stored = try message(seq: seq, in: state) else { return nil }
        let versions = try all(
            "SELECT content, author, created_at FROM message_version WHERE message_key = ? ORDER BY position",
            [stored.key]
        ) {
            MessageVersion(content: try $0.next(), author: try $0.nextIfPresent(), createdAt: try $0.next())
        }
        var message = stored.message
        var running: MessageRecord.Running?
        if message.status == .streaming {
            message.content = ""
            message.nextIndex = nil
            let pieces = try pieces(of: message.id, in: state.id)
            running = try first(
                "SELECT expires_at, stop_requested FROM live_reply WHERE message_key = ?",
                [stored.key]
            ) {
                MessageRecord.Running(
                    pieces: pieces,
                    leaseEnd: try $0.next(),
                    isStopRequested: try $0.next()
                )
            }
        }
        return MessageRecord(
            message: message,
            fingerprint: stored.fingerprint,
            contentAuthor: stored.contentAuthor,
            contentAt: stored.contentAt,
            replyTo: stored.replyTo,
            fence: stored.fence,
            versions: versions,
            running: running
        )
    }

    fileprivate func person(_ email: EmailAddress) throws -> PersonRecord? {
        let account = try first("SELECT \(Account.columns) FROM account a WHERE a.email = ?", [email]) {
            try Account(&$0)
        }
        let draft = try first(
            "SELECT text, updated_at FROM draft WHERE conversation_id IS NULL AND email = ?",
            [email]
        ) { Draft(text: try $0.next(), updatedAt: try $0.next()) }
        guard account != nil || draft != nil else { return nil }
        let sessions = try all(
            "SELECT token_hash, created_at, expires_at FROM login_session WHERE email = ? ORDER BY token_hash",
            [email]
        ) { columns in
            LoginSession(
                tokenHash: Array(try columns.next(Data.self)),
                email: email,
                createdAt: try columns.next(),
                expiresAt: try columns.next()
            )
        }
        return PersonRecord(email: email, account: account, loginSessions: sessions, draft: draft)
    }
}
