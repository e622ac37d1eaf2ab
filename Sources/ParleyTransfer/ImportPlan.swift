internal import ParleyCore

/// What an import will do, before a store is asked: the records with what is known of them, and what becomes of the rest.
public struct ImportPlan: Sendable {
    /// A conversation, and which records its parts come from.
    struct Entry: Sendable {
        var conversation: ImportedConversation
        /// For each message the record it comes from; none for a copy of what stands elsewhere, too.
        var items: [Int?]
        /// The records that repeat one of the messages, by its place.
        var repetitions: [(item: Int, message: Int)] = []
        /// The records whose text became a version of a message.
        var versions: [(item: Int, message: Int, version: Int)] = []
        /// The record that describes the conversation.
        var sessionItem: Int?
        /// Where it comes from, where its messages may have been brought under other ids, which hang on the copies seen then.
        var source: LegacyTraces.Source?
        /// The records that became passages beside a message.
        var passages: (items: [Int], message: Int)?
    }

    /// The records in the order of the source; those of ``entries`` await the store's word.
    var items: [ImportAccount.Item] = []
    var entries: [Entry] = []
}

extension ImportPlan {
    /// Notes a record; returns its place.
    mutating func note(
        _ key: String,
        _ index: Int? = nil,
        _ outcome: ImportItemOutcome,
        _ reason: ImportReason? = nil
    ) -> Int {
        items.append(ImportAccount.Item(key: key, index: index, outcome: outcome, reason: reason))
        return items.count - 1
    }
}
