internal import LibPQ
internal import ParleyCore

/// Messages of one conversation on their way from another store, as columns: one statement stores them all.
struct ReplicaRows: Sendable {
    let records: [MessageRecord]
    /// What the search index holds of each.
    private let entries: [SearchEntry?]

    /// Cuts the texts into terms.
    init(_ records: [MessageRecord], in project: ProjectID) {
        self.records = records
        entries = records.map { record in
            switch record.message.status {
            case .streaming, .deleted: nil
            case .delivered, .failed, .interrupted: .find(record.message.content, in: project)
            }
        }
    }

    /// Puts each at its place: argument 1 is the conversation, the others are columns.
    static let statement = """
        INSERT INTO message (conversation_id, id, seq, revision, created_at, updated_at, content_at, reply_to, fence,
            fingerprint, prompt_tokens, completion_tokens, latency_ms, confidence, is_edited, role, status, author,
            content_author, model, reactions, metadata, parts, contexts, ai_response, content, terms, lexemes)
        SELECT $1, t.id, t.seq, t.revision, t.created_at, t.updated_at, t.content_at, t.reply_to, t.fence,
            t.fingerprint, t.prompt_tokens, t.completion_tokens, t.latency_ms, t.confidence, t.is_edited, t.role,
            t.status, t.author, t.content_author, t.model, t.reactions, t.metadata, t.parts, t.contexts,
            t.ai_response, t.content, t.terms, array_to_tsvector(string_to_array(t.lexemes, ' '))
        FROM unnest($2::uuid[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[],
            $10::int8[], $11::int8[], $12::int8[], $13::int8[], $14::float8[], $15::bool[], $16::text[], $17::text[],
            $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[],
            $26::text[], $27::text[], $28::text[])
            AS t(id, seq, revision, created_at, updated_at, content_at, reply_to, fence, fingerprint, prompt_tokens,
                completion_tokens, latency_ms, confidence, is_edited, role, status, author, content_author, model,
                reactions, metadata, parts, contexts, ai_response, content, terms, lexemes)
        ORDER BY t.seq
        ON CONFLICT (conversation_id, seq) DO UPDATE SET revision = excluded.revision, created_at = excluded.created_at,
            updated_at = excluded.updated_at, content_at = excluded.content_at, reply_to = excluded.reply_to,
            fence = excluded.fence, fingerprint = excluded.fingerprint, prompt_tokens = excluded.prompt_tokens,
            completion_tokens = excluded.completion_tokens, latency_ms = excluded.latency_ms,
            confidence = excluded.confidence, is_edited = excluded.is_edited, role = excluded.role,
            status = excluded.status, author = excluded.author, content_author = excluded.content_author,
            model = excluded.model, reactions = excluded.reactions, metadata = excluded.metadata,
            parts = excluded.parts, contexts = excluded.contexts, ai_response = excluded.ai_response,
            content = excluded.content, terms = excluded.terms, lexemes = excluded.lexemes
        """

    /// What ``statement`` needs.
    func arguments(_ conversation: ConversationID) -> Arguments {
        let messages = records.map(\.message)
        let texts: [Arguments.Argument] = [
            .column(messages.map(\.model)), .column(messages.map(\.reactions.column)),
            .column(messages.map(\.metadata.column)), .column(messages.map { $0.parts.map(JSON.array) }),
            .column(messages.map { $0.contexts.map(JSON.array) }), .column(messages.map(\.aiResponse)),
            .column(messages.map(\.storedContent)), .column(entries.map { $0?.terms }),
            .column(entries.map { $0?.lexemes.joined(separator: " ") }),
        ]
        return Arguments(
            [
                .value(conversation), .column(messages.map(\.id)), .column(messages.map(\.seq)),
                .column(messages.map(\.revision)), .column(messages.map(\.createdAt)),
                .column(messages.map(\.updatedAt)), .column(records.map(\.contentAt)),
                .column(records.map(\.replyTo)), .column(records.map(\.fence)),
                .column(records.map(\.fingerprint)), .column(messages.map { $0.tokensUsed?.prompt }),
                .column(messages.map { $0.tokensUsed?.completion }), .column(messages.map(\.latencyMilliseconds)),
                .column(messages.map(\.confidence)), .column(messages.map(\.isEdited)),
                .column(messages.map(\.role)), .column(messages.map(\.status)), .column(messages.map(\.author)),
                .column(records.map(\.contentAuthor)),
            ] + texts
        )
    }

    /// The texts that the messages had before, as columns behind the conversation.
    func versions(_ conversation: ConversationID) -> Arguments {
        let rows = records.flatMap { record in
            record.versions.enumerated().map { (seq: record.message.seq, position: $0, version: $1) }
        }
        return Arguments([
            .value(conversation), .column(rows.map(\.seq)), .column(rows.map(\.position)),
            .column(rows.map(\.version.content.utf8.count)), .column(rows.map(\.version.createdAt)),
            .column(rows.map(\.version.author)), .column(rows.map(\.version.content)),
        ])
    }
}

extension WriteTransaction {
    /// Puts messages at their places, those behind all others without a gap; their conversation is locked.
    func put(_ rows: ReplicaRows, of conversation: ConversationID) async throws {
        try await check(rows, of: conversation)
        try await endReply(beside: rows, in: conversation)
        try await db.runLong(ReplicaRows.statement, rows.arguments(conversation))
        let seqs = rows.records.map(\.message.seq)
        try await db.run(
            "DELETE FROM message_version WHERE conversation_id = $1 AND seq = ANY ($2)",
            Arguments([.value(conversation), .column(seqs)])
        )
        if rows.records.contains(where: { !$0.versions.isEmpty }) {
            try await db.runLong(
                """
                INSERT INTO message_version (conversation_id, seq, position, octets, created_at, author, content)
                SELECT $1, * FROM unnest($2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::text[], $7::text[])
                """,
                rows.versions(conversation)
            )
        }
        for record in rows.records {
            guard let running = record.running else { continue }
            try await put(running, of: record)
        }
    }

    private func put(_ running: MessageRecord.Running, of record: MessageRecord) async throws {
        let id = record.message.conversationID
        try await db.run(
            """
            INSERT INTO live_reply (conversation_id, seq, fence, expires_at, next_index, stop_requested)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [id, record.message.seq, record.fence, running.leaseEnd, running.pieces.count, running.isStopRequested]
        )
        try await db.run(
            "INSERT INTO reply_piece (conversation_id, position, text) SELECT $1, * FROM unnest($2::int8[], $3::text[])",
            Arguments([.value(id), .column(Array(running.pieces.indices)), .column(running.pieces)])
        )
    }

    /// Refuses messages whose place, id or revision is another's here, and those that would leave a gap.
    private func check(_ rows: ReplicaRows, of conversation: ConversationID) async throws {
        let messages = rows.records.map(\.message)
        let present = try await db.all(
            """
            SELECT m.seq, m.id, m.revision, n.count FROM (SELECT coalesce(max(seq), 0) AS count FROM message
                WHERE conversation_id = $1) n
            LEFT JOIN message m ON m.conversation_id = $1
                AND (m.seq = ANY ($2) OR m.id = ANY ($3) OR m.revision = ANY ($4))
            """,
            Arguments([
                .value(conversation), .column(messages.map(\.seq)), .column(messages.map(\.id)),
                .column(messages.map(\.revision)),
            ])
        ) { columns in
            (
                seq: try columns.nextIfPresent(Int.self), id: try columns.nextIfPresent(MessageID.self),
                revision: try columns.nextIfPresent(Int.self), count: try columns.next(Int.self)
            )
        }
        let bySeq = Dictionary(messages.map { ($0.seq, $0.id) }) { first, _ in first }
        let byRevision = Dictionary(messages.map { ($0.revision, $0.seq) }) { first, _ in first }
        for row in present {
            guard let seq = row.seq, let revision = row.revision else { continue }
            guard bySeq[seq] == row.id, byRevision[revision, default: seq] == seq else {
                throw ParleyError.divergedReplica
            }
        }
        // There is a row in any case, which says how many there are.
        let count = present.first?.count ?? 0
        let new = messages.map(\.seq).filter { $0 > count }
        guard new.elementsEqual(count + 1..<count + 1 + new.count) else { throw ParleyError.divergedReplica }
    }

    /// Takes the running reply's state from a message, where it is to have another one or a different message is to run.
    private func endReply(beside rows: ReplicaRows, in conversation: ConversationID) async throws {
        let running = try await db.first(
            "SELECT seq FROM message WHERE conversation_id = $1 AND status = 'streaming'",
            [conversation]
        ) { try $0.next(Int.self) }
        guard let running, rows.records.contains(where: { $0.running != nil || $0.message.seq == running }) else {
            return
        }
        try await db.run("DELETE FROM live_reply WHERE conversation_id = $1", [conversation])
        try await db.run(
            "UPDATE message SET status = 'interrupted' WHERE conversation_id = $1 AND seq = $2",
            [conversation, running]
        )
    }
}
