public import ParleyCore

/// Brings what was planned into a store.
public struct ImportRun: Sendable {
    let store: any ConversationStore
    private let expiryLimit: Timestamp?

    /// Takes the store; what goes to the person's own project and last changed by `expiryLimit` is not kept there.
    public init(_ store: any ConversationStore, expiryLimit: Timestamp? = nil) {
        self.store = store
        self.expiryLimit = expiryLimit
    }

    /// Brings everything, and says what became of it.
    ///
    /// It returns after all is committed. Where the store fails in the middle, what was committed stays, and the same again
    /// completes it. A conversation in which the person may not write any more is put aside with all its records. One that
    /// its project would delete at once, since it is too old, is left alone with all of them, before anything of it comes.
    public func callAsFunction(
        _ plan: ImportPlan,
        batch: ImportBatchID? = nil,
        as identity: Identity
    ) async throws -> ImportAccount {
        var account = ImportAccount(items: plan.items, conversations: [])
        for entry in plan.entries {
            do {
                var entry = entry
                entry.conversation.batch = batch
                guard try await !isExpired(entry.conversation, as: identity) else {
                    account.settle(entry, .leftAlone, .expired)
                    continue
                }
                try await bring(entry, into: &account, as: identity)
            } catch let error as ParleyError where error.code == .notFound || error.code == .forbidden {
                account.settle(entry, .quarantined, .noAccess)
            }
        }
        return account
    }

    /// Whether a conversation that is not there, or hidden since it is too old, would be hidden as soon as it came.
    private func isExpired(_ conversation: ImportedConversation, as identity: Identity) async throws -> Bool {
        guard let expiryLimit, conversation.projectID == nil, conversation.lastChange <= expiryLimit else {
            return false
        }
        do {
            _ = try await store.conversation(conversation.id, newestMessages: 1, as: identity)
            return false
        } catch let error as ParleyError where error.code == .notFound {
            return true
        }
    }

    private func bring(
        _ entry: ImportPlan.Entry,
        into account: inout ImportAccount,
        as identity: Identity
    ) async throws {
        var entry = entry
        var stored = try await known(&entry, as: identity)
        var outcome: ImportOutcome?
        var added = Set<MessageID>()
        var isNew = false
        var part = entry.conversation
        // By its first part alone it might be too old to be kept.
        part.updatedAt = part.lastChange
        for range in entry.conversation.messages.parts {
            part.messages = Array(entry.conversation.messages[range])
            let value = try await store.importConversation(part, as: identity).value
            isNew = isNew || value.isNew
            added.formUnion(value.added)
            outcome = value
        }
        guard let conversation = outcome?.conversation else { return }
        account.conversations.append(
            ImportAccount.Place(
                id: conversation.id,
                title: conversation.title,
                messages: conversation.messageCount
            )
        )
        for item in entry.allItems { account.items[item].conversationID = conversation.id }
        if let item = entry.sessionItem { account.items[item].outcome = isNew ? .imported : .alreadyThere }
        if stored == nil, entry.conversation.messages.contains(where: { !added.contains($0.id) }) {
            stored = try await StoredLog.read(conversation.id, from: store, as: identity)
        }
        try await settle(entry, added: added, stored, in: &account)
        try await settleVersions(of: entry, added: added, in: &account, as: identity)
        guard let passages = entry.passages else { return }
        let message = entry.conversation.messages[passages.message]
        let isAdded = added.contains(message.id)
        let isSame = if isAdded { true } else { try await holds(message, in: conversation.id, as: identity) }
        for item in passages.items {
            account.items[item].messageID = message.id
            account.items[item].outcome = isAdded ? .imported : isSame ? .alreadyThere : .quarantined
            if !isSame { account.items[item].reason = .differs }
        }
    }

    /// Reads what is there where a source's messages may be there under other ids, and notes these in the plan.
    private func known(_ entry: inout ImportPlan.Entry, as identity: Identity) async throws -> StoredLog? {
        guard let source = entry.source else { return nil }
        let id = entry.conversation.id
        guard let stored = try await StoredLog.read(id, tracing: source, from: store, as: identity) else { return nil }
        let places = try await stored.places(of: entry.conversation.messages, from: source)
        for (index, place) in places.enumerated() {
            guard let place, stored.place(of: entry.conversation.messages[index]) == nil else { continue }
            entry.conversation.messages[index].otherIDs.append(stored.entries[place].id)
        }
        return stored
    }

    /// Says of records that became messages whether these were there, and say the same.
    private func settle(
        _ entry: ImportPlan.Entry,
        added: Set<MessageID>,
        _ stored: StoredLog?,
        in account: inout ImportAccount
    ) async throws {
        var repetitions: [Int: [Int]] = [:]
        for repetition in entry.repetitions { repetitions[repetition.message, default: []].append(repetition.item) }
        for (index, (item, message)) in zip(entry.items, entry.conversation.messages).enumerated() {
            let repeating = repetitions[index] ?? []
            let place = added.contains(message.id) ? nil : stored?.place(of: message)
            for item in repeating + (item.map { [$0] } ?? []) {
                account.items[item].messageID = place.flatMap { stored?.entries[$0].id } ?? message.id
            }
            if let item { account.items[item].outcome = added.contains(message.id) ? .imported : .alreadyThere }
            guard item != nil || !repeating.isEmpty, let place, let stored else { continue }
            guard try await !stored.holds(message, at: place) else { continue }
            for item in repeating + (item.map { [$0] } ?? []) {
                account.items[item].outcome = .quarantined
                account.items[item].reason = .differs
            }
        }
    }

    /// Says of texts that became versions whether they are there: a message that was there before keeps the versions it has.
    private func settleVersions(
        of entry: ImportPlan.Entry,
        added: Set<MessageID>,
        in account: inout ImportAccount,
        as identity: Identity
    ) async throws {
        var known: (message: MessageID, contents: Set<String>)?
        for version in entry.versions {
            let message = entry.conversation.messages[version.message]
            account.items[version.item].messageID = message.id
            guard !added.contains(message.id) else {
                account.items[version.item].outcome = .imported
                continue
            }
            if known?.message != message.id {
                let versions = try await store.versions(of: message.id, in: entry.conversation.id, as: identity)
                known = (message.id, Set(versions.map(\.content)))
            }
            let isThere = known?.contents.contains(message.versions[version.version].content) == true
            account.items[version.item].outcome = isThere ? .alreadyThere : .quarantined
            account.items[version.item].reason = isThere ? nil : .differs
        }
    }

    /// Whether a message that was there before has the passages that were to stand beside it.
    private func holds(
        _ message: ImportedMessage,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Bool {
        let ids = Set([message.id] + message.otherIDs)
        var range = MessageRange.newest
        while true {
            let page = try await store.messages(in: conversation, range, limit: 100, as: identity)
            if let stored = page.messages.first(where: { ids.contains($0.id) }) {
                return stored.contexts.map(JSON.array)?.serialized
                    == message.input.contexts.map(JSON.array)?.serialized
            }
            guard page.hasMore, let oldest = page.messages.first else { return false }
            range = .before(oldest.seq)
        }
    }
}

extension ImportPlan.Entry {
    /// All records that went into it, those that repeat others included.
    fileprivate var allItems: [Int] {
        items.compactMap(\.self) + repetitions.map(\.item) + versions.map(\.item)
            + (sessionItem.map { [$0] } ?? []) + (passages?.items ?? [])
    }
}

extension ImportAccount {
    /// Says one thing of all records of a conversation.
    fileprivate mutating func settle(
        _ entry: ImportPlan.Entry,
        _ outcome: ImportItemOutcome,
        _ reason: ImportReason
    ) {
        for item in entry.allItems { (items[item].outcome, items[item].reason) = (outcome, reason) }
    }
}

extension ImportedConversation {
    /// When it last changed, by what it says, or by its messages.
    var lastChange: Timestamp { updatedAt ?? messages.last?.createdAt ?? createdAt }
}

extension [ImportedMessage] {
    /// Ranges that one call each may bring; one empty range where there are none.
    var parts: [Range<Int>] {
        guard !isEmpty else { return [0..<0] }
        var parts: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for (index, message) in enumerated() {
            let size = message.versions.reduce(message.input.bytes) { $0 + $1.content.utf8.count }
            let isFull = index - start == Limits.messagesPerImport || bytes + size > Limits.bytesPerImport
            if index > start, isFull {
                parts.append(start..<index)
                start = index
                bytes = 0
            }
            bytes += size
        }
        parts.append(start..<count)
        return parts
    }
}

extension NewMessage {
    /// About how many bytes it takes.
    var bytes: Int {
        let attachments = [contexts.map(JSON.array), aiResponse].reduce(0) { $0 + ($1?.serialized.count ?? 0) }
        return content.utf8.count + attachments + 1024
    }
}
