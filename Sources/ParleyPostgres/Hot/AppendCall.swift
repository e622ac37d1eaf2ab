internal import ParleyCore

/// One call that appends, with all that costs time already done: what is left is the statement.
struct AppendCall: Sendable {
    /// A message as its columns hold it.
    struct Item: Sendable {
        let id: MessageID
        let role: MessageRole
        let content: String
        let metadata: String?
        let parts: String?
        let contexts: String?
        let aiResponse: String?
        let confidence: Double?
        let model: String?
        let fingerprint: Int64
        let terms: SearchTerms

        init(_ input: NewMessage, id: MessageID) {
            self.id = id
            role = input.role
            content = input.content
            metadata = input.metadata.column?.text
            parts = input.parts.map { JSON.array($0).text }
            contexts = input.contexts.map { JSON.array($0).text }
            aiResponse = input.aiResponse?.text
            confidence = input.confidence
            model = input.model
            fingerprint = Fingerprint(of: input).value
            terms = SearchTerms(of: input.content)
        }

        fileprivate var bytes: Int {
            [content, metadata, parts, contexts, aiResponse, terms.text, terms.cutLexemes]
                .reduce(0) { $0 + ($1?.utf8.count ?? 0) }
        }
    }

    /// How many bytes weigh as much as one more message: a batch of 128 has 2 MiB at most, or one call.
    private static let bytesPerWeight = 16 * 1024

    let conversationID: ConversationID
    let email: EmailAddress
    let items: [Item]

    /// Prepares a call; `nil` where it names an id twice, which is for the exact path to judge.
    init?(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        as identity: Identity,
        ids: any IDMaker
    ) {
        let items = messages.map { Item($0, id: $0.id ?? ids.make()) }
        guard !items.isEmpty, Set(items.map(\.id)).count == items.count else { return nil }
        conversationID = conversation
        email = identity.email
        self.items = items
    }

    /// What it counts as in a batch: its messages, and their length.
    var weight: Int { items.count + items.reduce(0) { $0 + $1.bytes } / Self.bytesPerWeight }
}

/// What a batch has made of a call.
enum AppendOutcome: Sendable {
    /// Where one message stands.
    struct Place: Sendable {
        let seq: Int
        let revision: Int
        let step: LogStep
    }

    /// It is committed.
    case written(at: Timestamp, in: ProjectID, [Place])
    /// Nothing of it was written: it must be looked at by itself.
    case alone
}
