public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Brings a conversation, or its next messages, from elsewhere.
    public func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome> {
        if let batch = input.batch { try await note(batch, of: input.id, as: identity) }
        for _ in 0..<Self.attempts {
            do {
                if try await place(of: input.id) != nil {
                    do {
                        return try await importMore(input, as: identity)
                    } catch let error as ParleyError where error.code == .notFound {
                        // The key may lead nowhere: then it is made.
                        if try await isTaken(input.id) { throw error }
                    }
                }
                return try await importNew(input, as: identity)
            } catch Refusal.exists {
                // Made by somebody at this moment, or by somebody else.
                _ = try await view(input.id, .none, for: .write, as: identity)
            }
        }
        throw ParleyError.unavailable("Too many change the same thing.")
    }

    private func importNew(_ input: ImportedConversation, as identity: Identity) async throws -> Commit<ImportOutcome> {
        let project = try await project(toWriteIn: input.projectID, as: identity)
        let now = clock.now()
        let new = input.messages.new(beside: [])
        let fields = Conversation(importing: input, new, to: project, of: identity, at: now)
        var writing = SessionWriting(SessionView(of: fields), at: now, isNew: true)
        var last: Timestamp?
        for (index, message) in new.enumerated() {
            if let last, message.createdAt < last { writing.note { $0.isUnordered = true } }
            last = max(last ?? message.createdAt, message.createdAt)
            writing.add(message.entry(in: fields, seq: index + 1, revision: index + 2), versions: message.versions)
        }
        // The last message's time, which need not be the latest: what is looked for by time relies on either.
        if let last, last > fields.updatedAt { writing.note { $0.isUnordered = true } }
        if let batch = input.batch,
            let item = input.item(isNew: true, added: new, after: nil, of: identity, at: now)
        {
            writing.keep(item, of: batch)
        }
        do {
            let preview = try await create(writing, isGivenID: true, as: identity)
            var conversation = fields
            conversation.preview = preview
            return Commit(
                ImportOutcome(conversation: conversation, isNew: true, added: Set(new.map(\.id))),
                changes: [.conversationCreated(conversation)]
            )
        } catch let refusal as Refusal where refusal != .exists {
            throw refusal.error(for: .write)
        }
    }

    private func importMore(_ input: ImportedConversation, as identity: Identity) async throws -> Commit<ImportOutcome>
    {
        let sought = input.messages.flatMap { [$0.id] + $0.otherIDs }
        var (commit, preview) = try await write(to: input.id, .ids(sought), flags: "p", as: identity.email) { writing in
            let new = input.messages.new(beside: Set(writing.view.entries.map(\.message.id)))
            var appended: [Message] = []
            for message in new {
                let now = writing.now
                writing.noteOrder(of: message.createdAt)
                writing.note { session in
                    session.fields.revision += 1
                    session.fields.messageCount += 1
                    session.fields.noteImport(of: message, at: now)
                }
                let fields = writing.view.session.fields
                let entry = message.entry(in: fields, seq: fields.messageCount, revision: fields.revision)
                writing.add(entry, versions: message.versions)
                appended.append(entry.message)
            }
            if let batch = input.batch,
                let item = input.item(isNew: false, added: new, after: nil, of: identity, at: writing.now)
            {
                writing.keep(item, of: batch)
            }
            return Commit(
                ImportOutcome(conversation: writing.value, isNew: false, added: Set(new.map(\.id))),
                changes: appended.map(Change.messageAppended),
                isReplay: new.isEmpty
            )
        }
        commit.value.conversation.preview = preview
        return commit
    }

    // MARK: What imports did

    /// Notes that a person's import may have touched a conversation, before it does.
    private func note(_ batch: ImportBatchID, of id: ConversationID, as identity: Identity) async throws {
        let email = identity.email
        _ = try await send(["SADD", .string(TruthKeys.imports(of: email, batch)), "\(id)"])
        _ = try await send(["SADD", .string(TruthKeys.imports(of: email)), "\(batch)"])
    }

    /// What a batch did to a conversation; `nil` where it did nothing, or the conversation is gone.
    func importedItem(of batch: ImportBatchID, in id: ConversationID) async throws -> ImportedItem? {
        guard let place = try await place(of: id) else { return nil }
        let key = TruthKeys.project(place.project) + TruthKeys.imports(of: id)
        return try await send(["HGET", .string(key), "\(batch)"]).string
            .flatMap { ImportedItem(stored: $0, batch, in: id) }
    }
}

extension SessionWriting {
    /// Keeps what an import did, behind what the same import did before.
    mutating func keep(_ item: ImportedItem, of batch: ImportBatchID) {
        let (head, added) = item.storedParts
        self.batch.add(["import", .string(TruthKeys.imports(of: id)), "\(batch)", .string(head), .string(added)])
    }
}

extension ImportedMessage {
    /// The message as a log keeps it.
    fileprivate func entry(in conversation: Conversation, seq: Int, revision: Int) -> LogEntry {
        let message = message(in: conversation.id, of: conversation.projectID, seq: seq, revision: revision)
        var entry = LogEntry(
            message,
            fingerprint: Fingerprint(of: input),
            contentAuthor: message.author,
            contentAt: contentAt
        )
        entry.versionCount = versions.count
        entry.versionBytes = versions.reduce(0) { $0 + $1.content.utf8.count }
        return entry
    }
}

extension ImportedItem {
    /// Reads the stored form: who imported, when, `new` or `more`, and the messages, one word each.
    init?(stored: String, _ batch: ImportBatchID, in conversation: ConversationID) {
        let words = stored.split(separator: " ")
        guard words.count >= 3, let time = Int64(words[1]) else { return nil }
        self.init(
            batch: batch,
            importer: EmailAddress(normalized: String(words[0])),
            conversationID: conversation,
            createdAt: Timestamp(microseconds: time),
            isNew: words[2] == "new",
            added: words.dropFirst(3).compactMap { MessageID($0) }
        )
    }

    /// The stored form; an address has no white space.
    var stored: String { storedParts.head + storedParts.added }

    /// The stored form, with the messages apart.
    fileprivate var storedParts: (head: String, added: String) {
        (
            "\(importer.value) \(createdAt.microseconds) \(isNew ? "new" : "more")",
            added.reduce(into: "") { $0 += " \($1)" }
        )
    }
}
