public import ParleyCore

/// Takes an import back.
///
/// A conversation that the import made goes whole, where all its messages are the import's and as it brought them. Where
/// somebody has added to it since, or changed what it brought, or where the import only added, the messages that nobody has
/// changed are deleted, and their places stay. What somebody has edited, reacted to or had answered anew stays as it is. A
/// title, a place or a pin that was changed keeps nothing. Where several imports brought a conversation, it goes with the last of
/// them. Projects that the import made stay.
public struct ImportUndo: Sendable {
    /// What was taken back, and what was not.
    public struct Account: Hashable, Sendable {
        /// A conversation that is still there.
        public struct Left: Hashable, Sendable {
            /// Its id.
            public let id: ConversationID
            /// Why.
            public let reason: Reason
            /// How many of the import's messages were deleted in it.
            public let messages: Int
        }

        /// Why a conversation is still there.
        public enum Reason: String, Hashable, Sendable, CaseIterable {
            /// Somebody has written in it since, or changed a message that the import brought.
            case continued
            /// It was there before the import.
            case wasThere = "was_there"
            /// The importer may not write there any more; nothing was taken back.
            case noAccess = "no_access"
        }

        /// How many conversations were deleted.
        public var conversations = 0
        /// How many messages were deleted, those of deleted conversations included.
        public var messages = 0
        /// Conversations that are still there.
        public var left: [Left] = []
    }

    private let store: any ConversationStore
    private let batches: any ImportBatchStore

    /// Takes the store, and what remembers imports.
    public init(_ store: any ConversationStore, batches: any ImportBatchStore) {
        self.store = store
        self.batches = batches
    }

    /// Takes back what is left of an import.
    ///
    /// What was done stays done where it is cut off, and the same again completes it. Nothing left is `notFound`.
    public func callAsFunction(_ batch: ImportBatchID, as identity: Identity) async throws -> Account {
        var account = Account()
        var last: ConversationID?
        var isKnown = false
        while true {
            let items = try await batches.importedItems(of: batch, after: last, limit: 100, as: identity)
            guard !items.isEmpty else { break }
            isKnown = true
            for item in items {
                last = item.conversationID
                try await undo(item, &account, as: identity)
            }
        }
        guard isKnown else { throw ParleyError.notFound }
        return account
    }

    private func undo(_ item: ImportedItem, _ account: inout Account, as identity: Identity) async throws {
        do {
            if item.isNew, try await deleteWhole(item, as: identity) {
                account.conversations += 1
                account.messages += item.added.count
                return
            }
            let (count, isAll) = try await deleteMessages(of: item, as: identity)
            account.messages += count
            if isAll, try await deleteShell(item.conversationID, as: identity) {
                account.conversations += 1
                return
            }
            account.left.append(
                Account.Left(id: item.conversationID, reason: item.isNew ? .continued : .wasThere, messages: count)
            )
            try await batches.forgetImportedItem(of: item.batch, in: item.conversationID, as: identity)
        } catch let error as ParleyError where error.code == .notFound || error.code == .forbidden {
            account.left.append(Account.Left(id: item.conversationID, reason: .noAccess, messages: 0))
        }
    }

    /// Deletes the conversation if nothing in it is anybody else's; looks again where it has changed meanwhile.
    private func deleteWhole(_ item: ImportedItem, as identity: Identity) async throws -> Bool {
        while true {
            let id = item.conversationID
            let conversation = try await store.conversation(id, newestMessages: 1, as: identity).conversation
            // All that the import added has its place in the log, so that another one shows in the count. What is changed
            // while this looks makes the revision stale.
            guard conversation.messageCount == item.added.count,
                try await untouched(of: item, as: identity).count == item.added.count
            else { return false }
            do {
                _ = try await store.deleteConversation(id, expectedRevision: conversation.revision, as: identity)
                return true
            } catch let error as ParleyError where error.code == .stale {
                continue
            }
        }
    }

    /// Deletes a conversation that only imports can have made, and in which only places are left, since all that brought
    /// something were taken back.
    private func deleteShell(_ id: ConversationID, as identity: Identity) async throws -> Bool {
        guard id.isDerived else { return false }
        let revision = try await store.conversation(id, newestMessages: 1, as: identity).conversation.revision
        var seq = 0
        while true {
            let page = try await store.messages(in: id, .after(seq), limit: Limits.pageSizes.upperBound, as: identity)
            guard page.messages.allSatisfy({ $0.status == .deleted }) else { return false }
            guard page.hasMore, let last = page.messages.last else { break }
            seq = last.seq
        }
        do {
            _ = try await store.deleteConversation(id, expectedRevision: revision, as: identity)
            return true
        } catch let error as ParleyError where error.code == .stale {
            return false
        }
    }

    /// Deletes what nobody has changed; says how many messages that were, and whether it was all that the import brought.
    private func deleteMessages(
        of item: ImportedItem,
        as identity: Identity
    ) async throws -> (count: Int, isAll: Bool) {
        // So that one who may not write is told before, and not by the first message.
        try await store.authorize(.write, to: item.conversationID, as: identity)
        let id = item.conversationID
        var count = 0
        while true {
            var revision = try await store.conversation(id, newestMessages: 1, as: identity).conversation.revision
            do {
                let messages = try await untouched(of: item, as: identity)
                let isAll = count + messages.count == item.added.count
                for message in messages where message.status != .deleted {
                    let commit = try await store.deleteMessage(
                        message.id,
                        in: id,
                        expectedRevision: revision,
                        as: identity
                    )
                    revision = commit.value.revision
                    count += 1
                }
                return (count, isAll)
            } catch let error as ParleyError where error.code == .stale {
                // Somebody writes: what they changed is not to go.
                continue
            }
        }
    }

    /// The messages of an import that nobody has changed since.
    private func untouched(of item: ImportedItem, as identity: Identity) async throws -> [Place] {
        let added = Set(item.added)
        var places: [Place] = []
        var seq = 0
        while true {
            let page = try await store.messages(
                in: item.conversationID,
                .after(seq),
                limit: Limits.pageSizes.upperBound,
                as: identity
            )
            for message in page.messages {
                seq = message.seq
                guard added.contains(message.id) else { continue }
                // Where the import made the conversation, it alone gave revisions to its messages, in their order. Where it
                // added, their times are older than it.
                let isAsItCame = item.isNew ? message.isAsMade : message.updatedAt <= item.createdAt
                if isAsItCame { places.append(Place(id: message.id, status: message.status)) }
            }
            guard page.hasMore, !page.messages.isEmpty else { return places }
        }
    }

    /// As much of a message as deleting it takes.
    private struct Place {
        let id: MessageID
        let status: MessageStatus
    }
}

extension Message {
    /// Whether nothing was done to it, in a conversation that came with its messages.
    ///
    /// Those have the revisions behind the conversation's own, one each. Where the conversation was renamed or moved before
    /// this one came, that isn't known.
    var isAsMade: Bool { revision == seq + 1 }
}
