internal import LibPQ
internal import ParleyCore

/// The rows of a batch of appends, column by column.
///
/// Filled in one pass and of types that the compiler knows: mapping sixteen columns by generic code took as long as the
/// rest of an append.
struct AppendColumns {
    /// The number of each row's call.
    private(set) var calls: [Int] = []
    /// The tag that each row gives to its log.
    private(set) var newTags: [LogTag] = []
    private var conversations: [PostgresUUID] = []
    private var ids: [PostgresUUID] = []
    private var tags: [Int64] = []
    private var emails: [String] = []
    private var roles: [String] = []
    private var contents: [String] = []
    private var metadata: [String?] = []
    private var parts: [String?] = []
    private var contexts: [String?] = []
    private var aiResponses: [String?] = []
    private var confidences: [Double?] = []
    private var models: [String?] = []
    private var fingerprints: [Int64] = []
    private var terms: [String?] = []
    private var lexemes: [String?] = []

    /// Adds a message of the call of that number.
    mutating func append(_ item: AppendCall.Item, of call: AppendCall, _ number: Int, tag: LogTag) {
        calls.append(number)
        newTags.append(tag)
        conversations.append(call.conversationID.stored)
        ids.append(item.id.stored)
        tags.append(tag.stored)
        emails.append(call.email.value)
        roles.append(item.role.rawValue)
        contents.append(item.content)
        metadata.append(item.metadata)
        parts.append(item.parts)
        contexts.append(item.contexts)
        aiResponses.append(item.aiResponse)
        confidences.append(item.confidence)
        models.append(item.model)
        fingerprints.append(item.fingerprint)
        terms.append(item.terms.text)
        lexemes.append(item.terms.cutLexemes)
    }

    /// As ``AppendStatement`` takes them.
    func arguments(at now: Timestamp) -> [any PostgresEncodable] {
        [
            conversations, ids, calls, tags, emails, roles, contents, metadata, parts, contexts, aiResponses,
            confidences,
            models, fingerprints, terms, lexemes, calls.count, now.microseconds,
        ]
    }
}
