internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// Makes a new conversation that holds copies of the first messages of another.
    public func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await write { transaction in
            let db = transaction.db
            let source = try db.conversationState(id, for: .write, as: identity)
            let fingerprint = Fingerprint(of: request, from: id)
            // What is invalid comes before what conflicts: a repetition was valid the first time.
            if let replay = try db.replay(of: request.id, fingerprint, as: identity) { return replay }
            guard request.seq >= 1, let last = try db.message(seq: request.seq, in: source) else {
                throw ParleyError.invalid("seq", "seq must be the place of one of the conversation's messages.")
            }
            try source.requireRevision(request.expectedRevision)
            let isRunning = try db.exists(
                "SELECT 1 FROM live_reply l JOIN message m ON m.key = l.message_key WHERE l.conversation_id = ? AND m.seq <= ?",
                [id, request.seq]
            )
            if isRunning { throw ParleyError.replyInProgress }
            let title = try request.title ?? db.conversation(id).title
            let fork = Conversation(
                id: request.id ?? transaction.ids.make(),
                projectID: source.projectID,
                owner: identity.email,
                title: title,
                messageCount: request.seq,
                revision: request.seq + 1,
                createdAt: transaction.now,
                updatedAt: transaction.now,
                lastMessageAt: last.message.createdAt,
                forkedFrom: ForkOrigin(conversationID: id, seq: request.seq),
                hasGivenTitle: source.titleIsGiven || request.title != nil
            )
            try transaction.insert(fork, fingerprint: fingerprint)
            // A hundred at a time: a long log need not stand in memory whole.
            for start in stride(from: 1, through: request.seq, by: 100) {
                for original in try db.messages(seqs: start...min(start + 99, request.seq), in: source) {
                    try transaction.copy(original, to: fork)
                }
            }
            let conversation = try db.conversation(fork.id)
            return Commit(conversation, changes: [.conversationCreated(conversation)])
        }
    }
}

extension WriteTransaction {
    /// Stores a copy of a message in a fork, at the same place.
    fileprivate func copy(_ original: StoredMessage, to fork: Conversation) throws {
        let source = original.message
        let copy = Message(
            id: ids.make(),
            conversationID: fork.id,
            projectID: fork.projectID,
            seq: source.seq,
            revision: source.seq + 1,
            role: source.role,
            author: source.author,
            content: source.content,
            parts: source.parts,
            status: source.status,
            metadata: source.metadata,
            contexts: source.contexts,
            aiResponse: source.aiResponse,
            confidence: source.confidence,
            model: source.model,
            createdAt: source.createdAt,
            updatedAt: now
        )
        // The copy's own text is what a turn about it repeats.
        let input = NewMessage(
            role: copy.role,
            content: copy.content,
            parts: copy.parts,
            metadata: copy.metadata,
            contexts: copy.contexts,
            aiResponse: copy.aiResponse,
            confidence: copy.confidence,
            model: copy.model
        )
        try insert(
            copy,
            fingerprint: original.fingerprint == nil ? nil : Fingerprint(of: input).value,
            contentAuthor: original.contentAuthor,
            contentAt: original.contentAt,
            replyTo: original.replyTo
        )
        if original.indexedText != nil { index(.copy(of: original.key, to: db.lastInsertedRowID, in: .messages)) }
    }
}
