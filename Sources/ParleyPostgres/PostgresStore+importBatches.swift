internal import LibPQ
public import ParleyCore

// What imports did, so that they can be taken back.
extension PostgresStore: ImportBatchStore {
    /// The caller's imports, newest first.
    public func importBatches(as identity: Identity) async throws -> [ImportBatch] {
        try await read { db in
            try await db.all(
                """
                SELECT batch, min(created_at), count(*), sum(cardinality(added))::bigint FROM import_item
                WHERE importer = $1 GROUP BY batch ORDER BY 2 DESC, 1 DESC
                """,
                [identity.email]
            ) { columns in
                ImportBatch(
                    id: try columns.next(),
                    createdAt: try columns.next(),
                    conversations: try columns.next(),
                    messages: try columns.next()
                )
            }
        }
    }

    /// What a batch of the caller's did, by conversation.
    public func importedItems(
        of batch: ImportBatchID,
        after conversation: ConversationID?,
        limit: Int,
        as identity: Identity
    ) async throws -> [ImportedItem] {
        try await read { db in
            // Nothing is before the id of zeros, which nobody has.
            try await db.all(
                """
                SELECT \(ImportedItem.columns) FROM import_item
                WHERE importer = $1 AND batch = $2 AND conversation_id > $3 ORDER BY conversation_id LIMIT $4
                """,
                [identity.email, batch, conversation ?? ConversationID(high: 0, low: 0), limit]
            ) { try ImportedItem(&$0) }
        }
    }

    /// Forgets what a batch did to a conversation.
    public func forgetImportedItem(
        of batch: ImportBatchID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        try await write { transaction in
            _ = try await transaction.db.run(
                "DELETE FROM import_item WHERE conversation_id = $1 AND batch = $2 AND importer = $3",
                [conversation, batch, identity.email]
            )
        }
    }
}

extension WriteTransaction {
    /// Notes what was done under the import's batch.
    func note(
        _ input: ImportedConversation,
        isNew: Bool,
        added: [ImportedMessage],
        by identity: Identity
    ) async throws {
        guard let batch = input.batch else { return }
        let earlier = try await db.first(
            "SELECT \(ImportedItem.columns) FROM import_item WHERE conversation_id = $1 AND batch = $2",
            [input.id, batch]
        ) { try ImportedItem(&$0) }
        if let item = input.item(isNew: isNew, added: added, after: earlier, of: identity, at: now) {
            try await put(item)
        }
    }

    /// Keeps what a batch did to a conversation, in place of what was noted before.
    func put(_ item: ImportedItem) async throws {
        try await db.run(
            """
            INSERT INTO import_item (conversation_id, batch, importer, created_at, is_new, added)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (conversation_id, batch) DO UPDATE SET importer = excluded.importer,
                created_at = excluded.created_at, is_new = excluded.is_new, added = excluded.added
            """,
            Arguments([
                .value(item.conversationID), .value(item.batch), .value(item.importer), .value(item.createdAt),
                .value(item.isNew), .column(item.added),
            ])
        )
    }
}

extension ImportedItem {
    /// What ``init(_:)`` reads.
    static let columns = "batch, importer, conversation_id, created_at, is_new, added"

    /// Reads ``columns``.
    init(_ columns: inout Columns) throws {
        self.init(
            batch: try columns.next(),
            importer: try columns.next(),
            conversationID: try columns.next(),
            createdAt: try columns.next(),
            isNew: try columns.next(),
            added: try columns.nextArray(MessageID.self).compactMap(\.self)
        )
    }
}
