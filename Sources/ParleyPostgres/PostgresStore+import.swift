internal import LibPQ
public import ParleyCore

extension PostgresStore {
    /// Brings a conversation, or its next messages, from elsewhere.
    public func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome> {
        try await write(isLong: true) { transaction in
            let isThere = try await transaction.db.exists("SELECT FROM conversation WHERE id = $1", [input.id])
            if !isThere, let commit = try await transaction.make(input, as: identity) { return commit }
            // It is there, or another one of the same id has come first, and was waited for.
            return try await transaction.append(input, as: identity)
        }
    }
}

extension WriteTransaction {
    /// Makes the conversation; `nil` where its id is taken.
    fileprivate func make(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome>? {
        let project = try await project(toWriteIn: input.projectID, as: identity)
        let new = input.messages.new(beside: [])
        let made = Conversation(importing: input, new, to: project, of: identity, at: now)
        guard try await insert(made, fingerprint: nil) else { return nil }
        for (index, message) in new.enumerated() {
            try await insert(
                message.message(in: made.id, of: project, seq: index + 1, revision: index + 2),
                from: message
            )
        }
        try await note(input, isNew: true, added: new, by: identity)
        let conversation = try await db.conversation(made.id)
        return Commit(
            ImportOutcome(conversation: conversation, isNew: true, added: Set(new.map(\.id))),
            changes: [.conversationCreated(conversation)]
        )
    }

    /// Appends what is missing.
    fileprivate func append(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome> {
        var state = try await lock(input.id, for: .write, as: identity)
        let known = try await db.all(
            "SELECT id FROM message WHERE id = ANY ($1) AND conversation_id = $2",
            Arguments([.column(input.messages.flatMap { [$0.id] + $0.otherIDs }), .value(state.id)])
        ) { try $0.next(MessageID.self) }
        let new = input.messages.new(beside: Set(known))
        var fields = try await db.conversation(input.id)
        guard !new.isEmpty else { return .replay(ImportOutcome(conversation: fields, isNew: false, added: [])) }
        var changes: [Change] = []
        var steps: [LogStep] = []
        for message in new {
            steps.append(bump(&state))
            state.messageCount += 1
            // The write's own time: `state.now` is never before the conversation's last one.
            fields.noteImport(of: message, at: now)
            let entry = message.message(
                in: state.id,
                of: state.projectID,
                seq: state.messageCount,
                revision: state.revision
            )
            try await insert(entry, from: message)
            changes.append(.messageAppended(entry))
        }
        try await db.run(
            """
            UPDATE conversation SET message_count = $2, revision = $3, tag = $4, updated_at = $5, last_message_at = $6
            WHERE id = $1
            """,
            [state.id, state.messageCount, state.revision, state.tag, fields.updatedAt, fields.lastMessageAt]
        )
        try await note(input, isNew: false, added: new, by: identity)
        var commit = Commit(
            ImportOutcome(
                conversation: try await db.conversation(input.id),
                isNew: false,
                added: Set(new.map(\.id))
            ),
            changes: changes
        )
        commit.steps = steps
        return commit
    }

    private func insert(_ message: Message, from source: ImportedMessage) async throws {
        try await insert(
            message,
            fingerprint: Fingerprint(of: source.input).value,
            contentAuthor: message.author,
            contentAt: source.contentAt,
            entry: message.status == .deleted ? nil : .find(message.content, in: message.projectID)
        )
        guard !source.versions.isEmpty else { return }
        try await db.run(
            """
            INSERT INTO message_version (conversation_id, seq, position, octets, author, created_at, content)
            SELECT $1, $2, v.position - 1, octet_length(v.content), v.author, v.created_at, v.content
            FROM unnest($3::text[], $4::bigint[], $5::text[]) WITH ORDINALITY v (author, created_at, content, position)
            """,
            Arguments([
                .value(message.conversationID), .value(message.seq), .column(source.versions.map(\.author)),
                .column(source.versions.map(\.createdAt)), .column(source.versions.map(\.content)),
            ])
        )
    }
}
