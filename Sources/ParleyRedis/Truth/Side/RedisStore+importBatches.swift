public import ParleyCore
import RedisWire

/// What imports did stands with the conversations, in `…:imports`; sets by person and batch lead there, and may lead nowhere.
extension RedisStore: ImportBatchStore {
    /// The caller's imports, newest first.
    public func importBatches(as identity: Identity) async throws -> [ImportBatch] {
        let ids = try await members(of: TruthKeys.imports(of: identity.email)).compactMap { ImportBatchID($0) }
        var batches: [ImportBatch] = []
        for id in ids {
            let sessions = try await touched(by: id, of: identity.email)
            var first: Timestamp?
            var (conversations, messages) = (0, 0)
            for some in sessions.chunks(of: 256) {
                for item in try await items(of: id, in: some, identity) {
                    first = min(first ?? item.createdAt, item.createdAt)
                    conversations += 1
                    messages += item.added.count
                }
            }
            guard let first else { continue }
            batches.append(ImportBatch(id: id, createdAt: first, conversations: conversations, messages: messages))
        }
        return batches.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
    }

    /// What a batch of the caller's did, by conversation.
    public func importedItems(
        of batch: ImportBatchID,
        after conversation: ConversationID?,
        limit: Int,
        as identity: Identity
    ) async throws -> [ImportedItem] {
        guard limit > 0 else { return [] }
        let behind = try await touched(by: batch, of: identity.email).page(after: conversation, limit: .max)
        var found: [ImportedItem] = []
        for some in behind.chunks(of: min(limit, 256)) {
            found += try await items(of: batch, in: some, identity).prefix(limit - found.count)
            if found.count == limit { break }
        }
        return found
    }

    /// Forgets what a batch did to a conversation: first there, then what leads there.
    public func forgetImportedItem(
        of batch: ImportBatchID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        let email = identity.email
        // What somebody else's import did under this id is not the caller's to forget.
        if let item = try await importedItem(of: batch, in: conversation), item.importer != email { return }
        if let place = try await place(of: conversation) {
            let key = TruthKeys.project(place.project) + TruthKeys.imports(of: conversation)
            _ = try await send(["HDEL", .string(key), "\(batch)"])
        }
        _ = try await send(["SREM", .string(TruthKeys.imports(of: email, batch)), "\(conversation)"])
        if try await touched(by: batch, of: email).isEmpty {
            _ = try await send(["SREM", .string(TruthKeys.imports(of: email)), "\(batch)"])
        }
    }

    /// Notes that a person's import may have touched a conversation, before it is said there.
    func noteImport(_ item: ImportedItem) async throws {
        let touched = TruthKeys.imports(of: item.importer, item.batch)
        _ = try await send(["SADD", .string(touched), "\(item.conversationID)"])
        _ = try await send(["SADD", .string(TruthKeys.imports(of: item.importer)), "\(item.batch)"])
    }

    /// The conversations that an import may have touched, by id.
    private func touched(by batch: ImportBatchID, of email: EmailAddress) async throws -> [ConversationID] {
        try await members(of: TruthKeys.imports(of: email, batch)).compactMap { ConversationID($0) }.sorted()
    }

    /// What an import of the caller's did to conversations that are still there.
    private func items(
        of batch: ImportBatchID,
        in sessions: [ConversationID],
        _ identity: Identity
    ) async throws -> [ImportedItem] {
        try await forEach(sessions) { try await self.importedItem(of: batch, in: $0) }
            .compactMap { item in item.flatMap { $0.importer == identity.email ? $0 : nil } }
    }
}
