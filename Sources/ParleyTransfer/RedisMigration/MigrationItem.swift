public import ParleyCore

/// Where a record stood in the old Redis.
public struct MigrationPlace: Hashable, Sendable {
    /// The key, as people can read it.
    public var key: String
    /// Its place in a session's list, from 0.
    public var index: Int?
    /// Which half of an interaction it is: `user_message` or `ai_response`.
    public var part: String?
}

/// One record of the old Redis, and what became of it.
public struct MigrationItem: Hashable, Sendable {
    /// Where it stood.
    public var place: MigrationPlace
    /// What became of it, or would.
    public var outcome: ImportItemOutcome
    /// Why, where that needs saying: one of ``ImportReason``'s words or ``MigrationReason``'s.
    public var reason: String?
    /// The conversation it went to.
    public var conversationID: ConversationID?
    /// The message it became, or is a part of.
    public var messageID: MessageID?
}

/// Why a record of a Redis was left alone or put aside, beyond ``ImportReason``.
public enum MigrationReason: String, Hashable, Sendable, CaseIterable {
    /// Redis keeps something else under the key than a string.
    case wrongType = "wrong_type"
    /// The key's name or its value is no text.
    case notText = "not_text"
    /// It was gone before it could be read.
    case gone
    /// A session in which nothing was said.
    case emptySession = "empty_session"
    /// The conversation with its id is in another project than the one it belongs to, or all of a session's messages are.
    case elsewhere
}

extension MigrationItem {
    init(_ place: MigrationPlace, _ outcome: ImportItemOutcome, _ reason: String? = nil) {
        self.init(place: place, outcome: outcome, reason: reason)
    }

    /// The item as a line of `records.jsonl`.
    var line: JSON {
        var line: JSONObject = ["key": .string(place.key)]
        line["index"] = place.index.map { JSON(integerLiteral: $0) }
        line["part"] = place.part.map(JSON.string)
        line["outcome"] = .string(outcome.rawValue)
        line["reason"] = reason.map(JSON.string)
        line["conversation_id"] = conversationID.map { .string($0.description) }
        line["message_id"] = messageID.map { .string($0.description) }
        return .object(line)
    }
}
