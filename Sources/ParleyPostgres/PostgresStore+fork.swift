internal import LibPQ
public import ParleyCore

extension PostgresStore {
    /// Makes a new conversation that holds copies of the first messages of another.
    public func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await write(isLong: true) { transaction in
            let db = transaction.db
            try await transaction.keepProject(of: id, as: identity)
            let source = try await transaction.lock(id, for: .write, as: identity)
            let fingerprint = Fingerprint(of: request, from: id)
            // What is invalid comes before what conflicts: a repetition was valid the first time.
            if let replay = try await transaction.replay(of: request.id, fingerprint, as: identity) { return replay }
            guard request.seq >= 1, let last = try await db.message(seq: request.seq, in: source) else {
                throw ParleyError.invalid("seq", "seq must be the place of one of the conversation's messages.")
            }
            try source.requireRevision(request.expectedRevision)
            let isRunning = try await db.exists(
                "SELECT FROM live_reply WHERE conversation_id = $1 AND seq <= $2",
                [id, request.seq]
            )
            if isRunning { throw ParleyError.replyInProgress }
            let fork = Conversation(
                id: request.id ?? transaction.ids.make(),
                projectID: source.projectID,
                owner: identity.email,
                title: request.title ?? source.title,
                messageCount: request.seq,
                revision: request.seq + 1,
                createdAt: source.now,
                updatedAt: source.now,
                lastMessageAt: last.message.createdAt,
                forkedFrom: ForkOrigin(conversationID: id, seq: request.seq),
                hasGivenTitle: source.titleIsGiven || request.title != nil
            )
            guard try await transaction.insert(fork, fingerprint: fingerprint) else {
                let replay = try await transaction.replay(of: request.id, fingerprint, as: identity)
                guard let replay else { throw ParleyError.overtaken }
                return replay
            }
            // A hundred at a time: a long log need not stand in memory whole.
            for start in stride(from: 1, through: request.seq, by: 100) {
                try await transaction.copy(start...min(start + 99, request.seq), of: source, to: fork)
            }
            let conversation = try await db.conversation(fork.id)
            return Commit(conversation, changes: [.conversationCreated(conversation)])
        }
    }
}

extension WriteTransaction {
    /// Stores copies of messages in a fork, at the same places; the server copies what is long.
    fileprivate func copy(
        _ seqs: ClosedRange<Int>,
        of source: ConversationState,
        to fork: Conversation
    ) async throws {
        let originals = try await db.all(
            """
            SELECT \(StoredMessage.columns) FROM message m
            WHERE m.conversation_id = $1 AND m.seq BETWEEN $2 AND $3 ORDER BY m.seq
            """,
            [source.id, seqs.lowerBound, seqs.upperBound]
        ) { try StoredMessage(&$0, in: source.projectID) }
        try await db.run(
            """
            INSERT INTO message (conversation_id, id, seq, revision, role, author, status, is_edited, created_at, updated_at,
                content_author, content_at, reply_to, fence, fingerprint, confidence, model, metadata, parts, contexts,
                ai_response, content, terms, lexemes)
            SELECT $2, n.id, m.seq, m.seq + 1, m.role, m.author, m.status, false, m.created_at, $3,
                m.content_author, m.content_at, m.reply_to, 0, n.fingerprint, m.confidence, m.model, m.metadata, m.parts,
                m.contexts, m.ai_response, m.content, m.terms, m.lexemes
            FROM unnest($4::bigint[], $5::uuid[], $6::bigint[]) n (seq, id, fingerprint)
            JOIN message m ON m.conversation_id = $1 AND m.seq = n.seq
            """,
            Arguments([
                .value(source.id), .value(fork.id), .value(fork.updatedAt),
                .column(originals.map(\.message.seq)), .column(originals.map { _ in ids.make() as MessageID }),
                .column(originals.map(\.fingerprintOfCopy)),
            ])
        )
    }
}

extension StoredMessage {
    /// The copy's own text is what a turn about it repeats.
    fileprivate var fingerprintOfCopy: Int64? {
        guard fingerprint != nil else { return nil }
        let input = NewMessage(
            role: message.role,
            content: message.content,
            parts: message.parts,
            metadata: message.metadata,
            contexts: message.contexts,
            aiResponse: message.aiResponse,
            confidence: message.confidence,
            model: message.model
        )
        return Fingerprint(of: input).value
    }
}
