import ParleyCore

extension NewMessage {
    /// Reads a message to append.
    ///
    /// What only the server may say (`seq`, `author`, tokens, times) is ignored.
    init(_ fields: Fields) throws(ParleyError) {
        let role: MessageRole = try fields.requiredChoice("role")
        let parts = try fields.array("parts")
        let content =
            if let parts { try fields.string("content") ?? Self.text(of: parts) } else {
                try fields.requiredString("content")
            }
        self.init(
            id: try fields.newID(),
            role: role,
            content: content,
            parts: parts,
            metadata: try fields.object("metadata") ?? JSONObject(),
            contexts: try fields.array("contexts"),
            aiResponse: fields.value("ai_response"),
            confidence: try fields.number("confidence"),
            model: try fields.string("model")
        )
    }

    /// The text in a message's parts: what `content` is when a client leaves it out.
    static func text(of parts: [JSON]) -> String {
        parts.compactMap { $0["text"]?.stringValue }.joined(separator: "\n")
    }

    /// Reads a body of one message, or of several under `messages`.
    static func all(in body: Fields) throws(ParleyError) -> [NewMessage] {
        guard let entries = try body.array("messages") else {
            let message = try NewMessage(body)
            try Rules.message(message)
            return [message]
        }
        var messages: [NewMessage] = []
        for (index, entry) in entries.enumerated() {
            guard let object = entry.objectValue else {
                throw .invalid("messages[\(index)]", "messages[\(index)] must be an object.")
            }
            messages.append(try NewMessage(Fields(object, prefix: "messages[\(index)].")))
        }
        try Rules.messages(messages)
        return messages
    }
}
