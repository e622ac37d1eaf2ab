public import ParleyCore

extension MemoryStore {
    /// Brings a conversation, or its next messages, from elsewhere.
    public func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) throws -> Commit<ImportOutcome> {
        try write { state, now in
            if state.conversations[input.id] != nil {
                var stored = try state.conversation(input.id, for: .write, as: identity)
                let new = input.messages.new(beside: Set(stored.log.map(\.message.id)))
                let appended = stored.adopt(new, at: now)
                stored.note(input, isNew: false, added: new, by: identity, at: now)
                state.conversations[input.id] = stored
                return Commit(
                    ImportOutcome(conversation: stored.value, isNew: false, added: Set(new.map(\.id))),
                    changes: appended.map(Change.messageAppended),
                    isReplay: new.isEmpty
                )
            }
            let project = try state.project(toWriteIn: input.projectID, as: identity, ids: ids, at: now)
            let new = input.messages.new(beside: [])
            let fields = Conversation(importing: input, new, to: project, of: identity, at: now)
            var stored = StoredConversation(fields, fingerprint: nil)
            stored.adopt(new.enumerated().map { $1.stored(in: fields, seq: $0 + 1, revision: $0 + 2) })
            stored.note(input, isNew: true, added: new, by: identity, at: now)
            state.conversations[input.id] = stored
            return Commit(
                ImportOutcome(conversation: stored.value, isNew: true, added: Set(new.map(\.id))),
                changes: [.conversationCreated(stored.value)]
            )
        }
    }
}

extension MemoryStore: ImportBatchStore {
    /// The caller's imports, newest first.
    public func importBatches(as identity: Identity) -> [ImportBatch] {
        read { state, _ in
            let items = state.conversations.values.flatMap(\.imports.values).filter { $0.importer == identity.email }
            return Dictionary(grouping: items, by: \.batch)
                .map { batch, items in
                    ImportBatch(
                        id: batch,
                        createdAt: items.map(\.createdAt).min() ?? Timestamp(microseconds: 0),
                        conversations: items.count,
                        messages: items.reduce(0) { $0 + $1.added.count }
                    )
                }
                .sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
        }
    }

    /// What a batch of the caller's did, by conversation.
    public func importedItems(
        of batch: ImportBatchID,
        after conversation: ConversationID?,
        limit: Int,
        as identity: Identity
    ) -> [ImportedItem] {
        read { state, _ in
            let items = state.conversations.values
                .compactMap { $0.imports[batch] }
                .filter { item in
                    item.importer == identity.email && conversation.map { item.conversationID > $0 } ?? true
                }
                .sorted { $0.conversationID < $1.conversationID }
            return Array(items.prefix(limit))
        }
    }

    /// Forgets what a batch did to a conversation.
    public func forgetImportedItem(
        of batch: ImportBatchID,
        in conversation: ConversationID,
        as identity: Identity
    ) {
        write { state, _ in
            guard state.conversations[conversation]?.imports[batch]?.importer == identity.email else { return }
            state.conversations[conversation]?.imports[batch] = nil
        }
    }
}

extension StoredConversation {
    /// Notes what was done under the import's batch.
    fileprivate mutating func note(
        _ input: ImportedConversation,
        isNew: Bool,
        added: [ImportedMessage],
        by identity: Identity,
        at now: Timestamp
    ) {
        guard let batch = input.batch else { return }
        let item = input.item(isNew: isNew, added: added, after: imports[batch], of: identity, at: now)
        if let item { imports[batch] = item }
    }
}

extension ImportedMessage {
    /// The message as a log of the store keeps it.
    func stored(in conversation: Conversation, seq: Int, revision: Int) -> StoredMessage {
        let message = message(in: conversation.id, of: conversation.projectID, seq: seq, revision: revision)
        return StoredMessage(
            message: message,
            fingerprint: Fingerprint(of: input),
            versions: versions,
            textAuthor: message.author,
            textTime: contentAt
        )
    }
}
