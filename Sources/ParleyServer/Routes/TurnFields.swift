import ParleyCore

/// The body of a turn.
struct TurnFields {
    let request: TurnRequest
    let filters: JSON?
    let stream: Bool?
    let expectedRevision: Int?

    /// Reads a turn: `message`, or the last user entry of `messages`.
    ///
    /// The stored history is the truth, so the rest of `messages` is not looked at.
    init(_ body: Fields, conversation: ConversationID?, project: ProjectID?) throws(ParleyError) {
        let text: String
        let field: String
        if let message = try body.string("message") {
            (text, field) = (message, "message")
        } else if let messages = try body.array("messages") {
            (text, field) = (try Self.lastUserText(in: messages), "messages")
        } else {
            throw .invalid("message", "message is required.")
        }
        try Rules.content(text, of: .user, field: field)
        let model = try body.string("model").map { text throws(ParleyError) in try Rules.model(text) }
        let message = NewMessage(
            id: try body.newID(),
            role: .user,
            content: text,
            metadata: try Rules.metadata(try body.object("metadata") ?? JSONObject())
        )
        request = TurnRequest(conversationID: conversation, projectID: project, message: message, model: model)
        filters = body.value("filters")
        stream = try body.bool("stream")
        expectedRevision = try body.expectedRevision()
    }

    private static func lastUserText(in messages: [JSON]) throws(ParleyError) -> String {
        guard let entry = messages.last(where: { $0["role"]?.stringValue == "user" }) else {
            throw .invalid("messages", "messages must hold an entry of the role user.")
        }
        switch entry["content"] {
        case .string(let text): return text
        case .array(let parts): return parts.compactMap { $0["text"]?.stringValue }.joined(separator: "\n")
        default: throw .invalid("messages", "the last user entry of messages must have content.")
        }
    }
}
