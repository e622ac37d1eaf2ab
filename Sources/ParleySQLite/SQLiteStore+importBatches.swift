internal import Foundation
internal import GRDB
public import ParleyCore

// What imports did, so that they can be taken back.
extension SQLiteStore: ImportBatchStore {
    /// The caller's imports, newest first.
    public func importBatches(as identity: Identity) async throws -> [ImportBatch] {
        try await read { db in
            try db.all(
                """
                SELECT batch, min(created_at) AS began, count(*), sum(length(added)) / 16 FROM import_item
                WHERE importer = ? GROUP BY batch ORDER BY began DESC, batch DESC
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
            try db.all(
                """
                SELECT \(ImportedItem.columns) FROM import_item
                WHERE importer = ? AND batch = ? AND conversation_id > ? ORDER BY conversation_id LIMIT ?
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
            try transaction.db.run(
                "DELETE FROM import_item WHERE conversation_id = ? AND batch = ? AND importer = ?",
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
    ) throws {
        guard let batch = input.batch else { return }
        let earlier = try db.first(
            "SELECT \(ImportedItem.columns) FROM import_item WHERE conversation_id = ? AND batch = ?",
            [input.id, batch]
        ) { try ImportedItem(&$0) }
        if let item = input.item(isNew: isNew, added: added, after: earlier, of: identity, at: now) {
            try put(item)
        }
    }

    /// Keeps what a batch did to a conversation, in place of what was noted before.
    func put(_ item: ImportedItem) throws {
        try db.run(
            """
            INSERT INTO import_item (conversation_id, batch, importer, created_at, is_new, added) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (conversation_id, batch) DO UPDATE SET importer = excluded.importer,
                created_at = excluded.created_at, is_new = excluded.is_new, added = excluded.added
            """,
            [
                item.conversationID, item.batch, item.importer, item.createdAt, item.isNew,
                item.added.reduce(into: Data()) { $0.append($1.stored) },
            ]
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
            added: try columns.next(Data.self).ids
        )
    }
}

extension Data {
    /// The ids that stand here one behind the other.
    fileprivate var ids: [MessageID] {
        stride(from: startIndex, to: endIndex, by: 16).compactMap { MessageID(stored: self[$0..<$0 + 16]) }
    }
}
