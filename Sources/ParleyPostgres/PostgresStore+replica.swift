internal import LibPQ
public import ParleyCore

// What it holds, as it is: for copies, and to compare with them. One statement each, so one snapshot.
extension PostgresStore: ReplicaStore {
    /// Projects' ids behind one, ascending.
    public func replicaProjects(after id: ProjectID?, limit: Int) async throws -> [ProjectID] {
        try await read { db in
            try await db.all(
                "SELECT id FROM project WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
                Arguments([.value(id), .value(limit)])
            ) { try $0.next() }
        }
    }

    /// A project with its members.
    public func replicaProject(_ id: ProjectID) async throws -> ProjectRecord? {
        try await read { db in
            try await db.first("SELECT \(Project.columns), o.fingerprint FROM project o WHERE o.id = $1", [id]) {
                ProjectRecord(project: try Project(&$0), fingerprint: try $0.nextIfPresent())
            }
        }
    }

    /// How far a project's conversations are, by id, behind one.
    public func replicaConversations(
        in project: ProjectID,
        after id: ConversationID?,
        limit: Int
    ) async throws -> [ConversationHead] {
        try await read { db in
            try await db.all(
                """
                SELECT c.id, coalesce(p.revision, c.revision)
                FROM conversation c LEFT JOIN partial_copy p ON p.conversation_id = c.id
                WHERE c.project_id = $1 AND ($2::uuid IS NULL OR c.id > $2) ORDER BY c.id LIMIT $3
                """,
                Arguments([.value(project), .value(id), .value(limit)])
            ) { ConversationHead(id: try $0.next(), revision: try $0.next()) }
        }
    }

    /// A conversation without its messages.
    public func replicaConversation(_ id: ConversationID) async throws -> ConversationRecord? {
        try await read { db in
            try await db.first(
                """
                SELECT \(Conversation.columns), coalesce(p.revision, c.revision), c.fingerprint, c.titled_revision,
                    ARRAY(SELECT d.email FROM draft d WHERE d.conversation_id = c.id ORDER BY d.email),
                    ARRAY(SELECT d.text FROM draft d WHERE d.conversation_id = c.id ORDER BY d.email),
                    ARRAY(SELECT d.updated_at FROM draft d WHERE d.conversation_id = c.id ORDER BY d.email),
                    ARRAY(SELECT r.email FROM read_mark r WHERE r.conversation_id = c.id ORDER BY r.email),
                    ARRAY(SELECT r.seq FROM read_mark r WHERE r.conversation_id = c.id ORDER BY r.email),
                    ARRAY(SELECT i.batch FROM import_item i WHERE i.conversation_id = c.id ORDER BY i.batch),
                    ARRAY(SELECT i.importer FROM import_item i WHERE i.conversation_id = c.id ORDER BY i.batch),
                    ARRAY(SELECT i.created_at FROM import_item i WHERE i.conversation_id = c.id ORDER BY i.batch),
                    ARRAY(SELECT i.is_new FROM import_item i WHERE i.conversation_id = c.id ORDER BY i.batch),
                    ARRAY(SELECT array_to_string(i.added, ' ') FROM import_item i WHERE i.conversation_id = c.id
                        ORDER BY i.batch)
                FROM conversation c LEFT JOIN partial_copy p ON p.conversation_id = c.id WHERE c.id = $1
                """,
                [id]
            ) { try ConversationRecord(&$0) }
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
            try await db.all(
                Self.messagesStatement,
                [conversation, revision, seq, limit, Limits.bytesPerReplicaPage]
            ) { try MessageRecord(&$0) }
        }
    }

    private static let messagesStatement = """
        WITH sizes AS (
            SELECT m.seq, octet_length(m.content) + coalesce(octet_length(m.parts), 0)
                + coalesce(octet_length(m.contexts), 0) + coalesce(octet_length(m.metadata), 0)
                + coalesce((SELECT sum(v.octets) FROM message_version v
                    WHERE v.conversation_id = m.conversation_id AND v.seq = m.seq), 0) AS bytes
            FROM message m
            WHERE m.conversation_id = $1 AND m.seq > $3 AND (m.revision > $2 OR m.status = 'streaming')
            ORDER BY m.seq LIMIT $4
        ),
        page AS (
            SELECT seq, sum(bytes) OVER (ORDER BY seq) AS total, row_number() OVER (ORDER BY seq) AS place FROM sizes
        )
        SELECT c.project_id, \(StoredMessage.columns),
            ARRAY(SELECT v.content FROM message_version v
                WHERE v.conversation_id = m.conversation_id AND v.seq = m.seq ORDER BY v.position),
            ARRAY(SELECT v.author FROM message_version v
                WHERE v.conversation_id = m.conversation_id AND v.seq = m.seq ORDER BY v.position),
            ARRAY(SELECT v.created_at FROM message_version v
                WHERE v.conversation_id = m.conversation_id AND v.seq = m.seq ORDER BY v.position),
            l.expires_at, l.stop_requested,
            CASE WHEN m.status = 'streaming' THEN ARRAY(SELECT r.text FROM reply_piece r
                WHERE r.conversation_id = m.conversation_id ORDER BY r.position) ELSE '{}'::text[] END
        FROM page p JOIN message m ON m.conversation_id = $1 AND m.seq = p.seq
        JOIN conversation c ON c.id = m.conversation_id
        LEFT JOIN live_reply l ON l.conversation_id = m.conversation_id AND l.seq = m.seq
        WHERE p.total <= $5::int8 OR p.place = 1 ORDER BY m.seq
        """

    /// People that something is kept of beside projects, by address, behind one.
    public func replicaPeople(after email: EmailAddress?, limit: Int) async throws -> [PersonRecord] {
        try await read { db in
            try await db.all(
                """
                WITH person AS (
                    SELECT email COLLATE "C" AS email FROM account WHERE email COLLATE "C" > $1
                    UNION SELECT email COLLATE "C" FROM draft WHERE conversation_id IS NULL AND email COLLATE "C" > $1
                    ORDER BY email LIMIT $2
                )
                \(Self.personColumns) ORDER BY n.email
                """,
                Arguments([.value(email?.value ?? ""), .value(limit)])
            ) { try PersonRecord(&$0) }
        }
    }

    /// One person.
    public func replicaPerson(_ email: EmailAddress) async throws -> PersonRecord? {
        try await read { db in
            try await db.first(
                """
                WITH person AS (
                    SELECT email FROM account WHERE email = $1
                    UNION SELECT email FROM draft WHERE conversation_id IS NULL AND email = $1
                )
                \(Self.personColumns)
                """,
                [email]
            ) { try PersonRecord(&$0) }
        }
    }

    private static let personColumns = """
        SELECT n.email, d.text, d.updated_at,
            ARRAY(SELECT s.token_hash FROM login_session s WHERE s.email = n.email ORDER BY s.token_hash),
            ARRAY(SELECT s.created_at FROM login_session s WHERE s.email = n.email ORDER BY s.token_hash),
            ARRAY(SELECT s.expires_at FROM login_session s WHERE s.email = n.email ORDER BY s.token_hash),
            a.email, \(Account.columns)
        FROM person n LEFT JOIN account a ON a.email = n.email
        LEFT JOIN draft d ON d.conversation_id IS NULL AND d.email = n.email
        """

    /// Lines of the query log by time and message, behind one.
    public func replicaQueryLog(after line: QueryLogEntry?, limit: Int) async throws -> [QueryLogEntry] {
        try await read { db in
            try await db.all(
                """
                SELECT \(QueryLogEntry.columns) FROM query_log
                WHERE $1::int8 IS NULL OR (time, message_id) > ($1, $2::uuid) ORDER BY time, message_id LIMIT $3
                """,
                Arguments([.value(line?.time), .value(line?.messageID), .value(limit)])
            ) { try QueryLogEntry(&$0) }
        }
    }
}

extension ConversationRecord {
    fileprivate init(_ columns: inout Columns) throws {
        var fields = try Conversation(&columns)
        fields.preview = nil
        fields.revision = try columns.next()
        self.init(
            fields: fields,
            fingerprint: try columns.nextIfPresent(),
            titledRevision: try columns.nextIfPresent()
        )
        let writers = try columns.nextArray(EmailAddress.self).compactMap(\.self)
        let texts = try columns.nextArray(String.self).compactMap(\.self)
        let times = try columns.nextArray(Timestamp.self).compactMap(\.self)
        for (email, (text, time)) in zip(writers, zip(texts, times)) {
            drafts[email] = Draft(text: text, updatedAt: time)
        }
        let readers = try columns.nextArray(EmailAddress.self).compactMap(\.self)
        for (email, seq) in zip(readers, try columns.nextArray(Int.self).compactMap(\.self)) { readMarks[email] = seq }
        imports = try Self.imports(&columns, of: fields.id)
    }

    private static func imports(_ columns: inout Columns, of id: ConversationID) throws -> [ImportedItem] {
        let batches = try columns.nextArray(ImportBatchID.self).compactMap(\.self)
        let importers = try columns.nextArray(EmailAddress.self).compactMap(\.self)
        let times = try columns.nextArray(Timestamp.self).compactMap(\.self)
        let areNew = try columns.nextArray(Bool.self).compactMap(\.self)
        let added = try columns.nextArray(String.self).compactMap(\.self)
        return zip(zip(batches, importers), zip(times, zip(areNew, added))).map { names, rest in
            ImportedItem(
                batch: names.0,
                importer: names.1,
                conversationID: id,
                createdAt: rest.0,
                isNew: rest.1.0,
                added: rest.1.1.split(separator: " ").compactMap(MessageID.init)
            )
        }
    }
}

extension MessageRecord {
    fileprivate init(_ columns: inout Columns) throws {
        let project = try columns.next(ProjectID.self)
        let stored = try StoredMessage(&columns, in: project)
        let contents = try columns.nextArray(String.self).compactMap(\.self)
        let authors = try columns.nextArray(EmailAddress.self)
        let times = try columns.nextArray(Timestamp.self).compactMap(\.self)
        let leaseEnd = try columns.nextIfPresent(Timestamp.self)
        let isStopRequested = try columns.nextIfPresent(Bool.self)
        let pieces = try columns.nextArray(String.self).compactMap(\.self)
        var message = stored.message
        var running: Running?
        if message.status == .streaming {
            message.content = ""
            message.nextIndex = nil
            if let leaseEnd, let isStopRequested {
                running = Running(pieces: pieces, leaseEnd: leaseEnd, isStopRequested: isStopRequested)
            }
        }
        self.init(
            message: message,
            fingerprint: stored.fingerprint,
            contentAuthor: stored.contentAuthor,
            contentAt: stored.contentAt,
            replyTo: stored.replyTo,
            fence: stored.fence,
            versions: zip(contents, zip(authors, times)).map { content, rest in
                MessageVersion(content: content, author: rest.0, createdAt: rest.1)
            },
            running: running
        )
    }
}

extension PersonRecord {
    fileprivate init(_ columns: inout Columns) throws {
        let email = try columns.next(EmailAddress.self)
        let text = try columns.nextIfPresent(String.self)
        let time = try columns.nextIfPresent(Timestamp.self)
        let hashes = try columns.nextArray(PostgresBytes.self).compactMap(\.self)
        let starts = try columns.nextArray(Timestamp.self).compactMap(\.self)
        let ends = try columns.nextArray(Timestamp.self).compactMap(\.self)
        let hasAccount = try columns.nextIfPresent(EmailAddress.self) != nil
        self.init(
            email: email,
            account: hasAccount ? try Account(&columns) : nil,
            loginSessions: zip(hashes, zip(starts, ends)).map { hash, times in
                LoginSession(tokenHash: hash.bytes, email: email, createdAt: times.0, expiresAt: times.1)
            }
        )
        if let text, let time { draft = Draft(text: text, updatedAt: time) }
    }
}
