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
        var message: NewMessage
        if let text = try body.string("message") {
            try Rules.content(text, of: .user, field: "message")
            message = NewMessage(role: .user, content: text)
        } else if let messages = try body.array("messages") {
            message = try Self.lastUserMessage(in: messages)
        } else {
            throw .invalid("message", "message is required.")
        }
        message.id = try body.newID()
        message.metadata = try body.object("metadata") ?? JSONObject()
        try Rules.message(message)
        let model = try body.string("model").map { text throws(ParleyError) in try Rules.model(text) }
        request = TurnRequest(conversationID: conversation, projectID: project, message: message, model: model)
        filters = try body.filters()
        stream = try body.bool("stream")
        expectedRevision = try body.expectedRevision()
    }

    /// The last user entry; what is more than text in it is kept as the message's parts.
    private static func lastUserMessage(in messages: [JSON]) throws(ParleyError) -> NewMessage {
        guard let entry = messages.last(where: { $0["role"]?.stringValue == "user" }) else {
            throw .invalid("messages", "messages must hold an entry of the role user.")
        }
        switch entry["content"] {
        case .string(let text):
            try Rules.content(text, of: .user, field: "messages")
            return NewMessage(role: .user, content: text)
        case .array(let parts):
            let isTextOnly = parts.allSatisfy { $0["type"] == "text" }
            return NewMessage(role: .user, content: NewMessage.text(of: parts), parts: isTextOnly ? nil : parts)
        default:
            throw .invalid("messages", "the last user entry of messages must have content.")
        }
    }
}
