internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// Brings a conversation, or its next messages, from elsewhere.
    public func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome> {
        // Cut before the writer's turn comes.
        let terms = Dictionary(
            input.messages.map { ($0.id, SearchIndex.terms(of: $0.input.content)) },
            uniquingKeysWith: { first, _ in first }
        )
        return try await write { transaction in
            let db = transaction.db
            guard try db.exists("SELECT 1 FROM conversation WHERE id = ?", [input.id]) else {
                let project = try transaction.project(toWriteIn: input.projectID, as: identity)
                let new = input.messages.new(beside: [])
                let made = Conversation(importing: input, new, to: project, of: identity, at: transaction.now)
                try transaction.insert(made, fingerprint: nil)
                for (index, message) in new.enumerated() {
                    let entry = message.message(in: made.id, of: project, seq: index + 1, revision: index + 2)
                    try transaction.insert(entry, from: message, terms: terms[message.id])
                }
                try transaction.note(input, isNew: true, added: new, by: identity)
                let conversation = try db.conversation(made.id)
                return Commit(
                    ImportOutcome(conversation: conversation, isNew: true, added: Set(new.map(\.id))),
                    changes: [.conversationCreated(conversation)]
                )
            }
            let state = try db.conversationState(input.id, for: .write, as: identity)
            let new = input.messages.new(beside: try db.known(among: input.messages, in: state))
            var fields = try db.conversation(input.id)
            var changes: [Change] = []
            for message in new {
                fields.revision += 1
                fields.messageCount += 1
                fields.noteImport(of: message, at: transaction.now)
                let entry = message.message(
                    in: state.id,
                    of: state.projectID,
                    seq: fields.messageCount,
                    revision: fields.revision
                )
                try transaction.insert(entry, from: message, terms: terms[message.id])
                changes.append(.messageAppended(entry))
            }
            if !new.isEmpty {
                try transaction.saveImport(fields, key: state.key)
                try transaction.note(input, isNew: false, added: new, by: identity)
            }
            return Commit(
                ImportOutcome(
                    conversation: new.isEmpty ? fields : try db.conversation(input.id),
                    isNew: false,
                    added: Set(new.map(\.id))
                ),
                changes: changes,
                isReplay: new.isEmpty
            )
        }
    }
}

extension Database {
    /// Which ids of these messages stand in the log already.
    fileprivate func known(
        among messages: [ImportedMessage],
        in state: ConversationState
    ) throws -> Set<MessageID> {
        var known = Set<MessageID>()
        for id in messages.flatMap({ [$0.id] + $0.otherIDs }) {
            let isThere = try exists("SELECT 1 FROM message WHERE id = ? AND conversation_id = ?", [id, state.id])
            if isThere { known.insert(id) }
        }
        return known
    }
}

extension WriteTransaction {
    fileprivate func insert(_ message: Message, from source: ImportedMessage, terms: String?) throws {
        try insert(
            message,
            fingerprint: Fingerprint(of: source.input).value,
            contentAuthor: message.author,
            contentAt: source.contentAt
        )
        let key = db.lastInsertedRowID
        if let terms, !terms.isEmpty { index(.insert(terms, key, into: .messages)) }
        for (position, version) in source.versions.enumerated() {
            try db.run(
                """
                INSERT INTO message_version (message_key, position, octets, author, created_at, content)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [key, position, version.content.utf8.count, version.author, version.createdAt, version.content]
            )
        }
    }

    /// Stores what appends from elsewhere have made of a conversation: they bring their own times.
    fileprivate func saveImport(_ fields: Conversation, key: Int64) throws {
        try db.run(
            """
            UPDATE conversation SET message_count = ?, revision = ?, updated_at = ?, last_message_at = ? WHERE key = ?
            """,
            [fields.messageCount, fields.revision, fields.updatedAt, fields.lastMessageAt, key]
        )
    }
}
