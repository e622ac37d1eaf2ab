public import ParleyCore

/// What an import found, and what became of each record of it.
public struct ImportAccount: Hashable, Sendable {
    /// One record, or a key that is looked at as a whole.
    public struct Item: Hashable, Sendable {
        /// The key it stood under.
        public var key: String
        /// Its place under the key, from 0; none where it is about the whole key.
        public var index: Int?
        /// What became of it.
        public var outcome: ImportItemOutcome
        /// Why, where that needs saying.
        public var reason: ImportReason?
        /// The conversation it went to.
        public var conversationID: ConversationID?
        /// The message it became, or is a part of.
        public var messageID: MessageID?
    }

    /// What became of a record, and why.
    public struct End: Hashable, Sendable {
        /// What became of it.
        public let outcome: ImportItemOutcome
        /// Why, where that needs saying.
        public let reason: ImportReason?
    }

    /// A conversation that records went to.
    public struct Place: Hashable, Sendable {
        /// Its id.
        public let id: ConversationID
        /// Its title, as it is now.
        public let title: String
        /// How many messages it holds now.
        public let messages: Int
    }

    /// Every record, in the order of the source: none is missing.
    public var items: [Item]
    /// The conversations they went to.
    public var conversations: [Place]

    /// How many more records came to each end than ``items`` lists: an import may be larger than memory.
    public var unlisted: [End: Int] = [:]
    /// How many more conversations there are than ``conversations`` lists.
    public var unlistedConversations = 0

    /// Makes an account.
    public init(items: [Item] = [], conversations: [Place] = []) {
        self.items = items
        self.conversations = conversations
    }

    /// How many records came to this end; those of all outcomes together are all records.
    public func count(of outcome: ImportItemOutcome) -> Int {
        unlisted.reduce(items.count { $0.outcome == outcome }) { $0 + ($1.key.outcome == outcome ? $1.value : 0) }
    }

    /// How many records came to each end, those that are not listed included.
    public var ends: [End: Int] {
        items.reduce(into: unlisted) { $0[$1.end, default: 0] += 1 }
    }

    /// How many records there were.
    public var found: Int { items.count + unlisted.values.reduce(0, +) }

    /// Adds what became of more records; of those beyond `limit` only the ones that were put aside are listed, as many again.
    mutating func add(_ more: ImportAccount, listing limit: Int) {
        for item in more.items {
            if items.count < limit || item.outcome == .quarantined && items.count < 2 * limit {
                items.append(item)
            } else {
                unlisted[item.end, default: 0] += 1
            }
        }
        unlisted.merge(more.unlisted, uniquingKeysWith: +)
        let places = more.conversations.prefix(max(0, limit - conversations.count))
        conversations += places
        unlistedConversations += more.unlistedConversations + more.conversations.count - places.count
    }
}

extension ImportAccount.Item {
    fileprivate var end: ImportAccount.End { ImportAccount.End(outcome: outcome, reason: reason) }
}

/// What becomes of a record.
public enum ImportItemOutcome: String, Hashable, Sendable, CaseIterable {
    /// It is in a conversation now, and was not before.
    case imported
    /// An earlier import has brought it.
    case alreadyThere = "already_there"
    /// It repeats another record of the same source.
    case merged
    /// It is nothing to import.
    case leftAlone = "left_alone"
    /// It can't be imported: see its reason.
    case quarantined
}

/// Why a record was left alone or put aside.
public enum ImportReason: String, Hashable, Sendable, CaseIterable {
    /// The key is none of a chat's.
    case notMessageData = "not_message_data"
    /// There is nothing under the key.
    case empty
    /// The text is not JSON, or a part of it is missing.
    case brokenJSON = "broken_json"
    /// A list was expected.
    case notAnArray = "not_an_array"
    /// A record with names was expected.
    case notAnObject = "not_an_object"
    /// It has no text.
    case noContent = "no_content"
    /// Its text is something else than text.
    case contentNotText = "content_not_text"
    /// Nobody knows who spoke.
    case unknownRole = "unknown_role"
    /// Its text is longer than a message may be.
    case textTooLong = "text_too_long"
    /// It holds the character U+0000, which no store keeps.
    case holdsNUL = "holds_nul"
    /// What belongs to it is too much or nested too deep.
    case tooLarge = "too_large"
    /// It was deleted where it comes from.
    case wasDeleted = "was_deleted"
    /// It doesn't say which session it belongs to.
    case noSession = "no_session"
    /// There is no answer that these passages could stand beside.
    case noAnswer = "no_answer"
    /// It is no passage of a text.
    case notAPassage = "not_a_passage"
    /// It is here already and says something else, or is an answer without this passage; nothing is changed that is there.
    case differs
    /// The conversation is where the importer may not write.
    case noAccess = "no_access"
    /// It was not on screen there, such as a program's own instructions.
    case hidden
    /// The source ends in the middle of it.
    case cutOff = "cut_off"
    /// It says nothing that its format knows.
    case unknownKind = "unknown_kind"
    /// Its project keeps nothing that is so old.
    case expired
}
