extension Message {
    /// Reads a message from what ``JSONWriter/message(_:)`` wrote; `nil` where that can't be.
    ///
    /// For our own caches and buses, not for clients. Times come back in whole milliseconds, as the wire has them; all else
    /// comes back as it was.
    public init?(wire json: JSON) {
        guard let id = MessageID(json["id"]), let conversationID = ConversationID(json["conversation_id"]),
            let projectID = ProjectID(json["project_id"]), let seq = json["seq"]?.intValue,
            let revision = json["revision"]?.intValue,
            let role = json["role"]?.stringValue.flatMap(MessageRole.init(rawValue:)),
            let content = json["content"]?.stringValue,
            let status = json["status"]?.stringValue.flatMap(MessageStatus.init(rawValue:)),
            let isEdited = json["is_edited"]?.boolValue, let metadata = json["metadata"]?.objectValue,
            let createdAt = Timestamp(json["created_at"]), let updatedAt = Timestamp(json["updated_at"])
        else { return nil }
        self.init(
            id: id,
            conversationID: conversationID,
            projectID: projectID,
            seq: seq,
            revision: revision,
            role: role,
            author: json["author"]?.stringValue.map(EmailAddress.init(normalized:)),
            content: content,
            parts: json["parts"]?.arrayValue,
            status: status,
            isEdited: isEdited,
            reactions: (json["reactions"]?.arrayValue ?? []).compactMap(Reaction.init(wire:)),
            metadata: metadata,
            contexts: json["contexts"]?.arrayValue,
            aiResponse: json["ai_response"],
            confidence: json["confidence"]?.doubleValue,
            model: json["model"]?.stringValue,
            tokensUsed: json["tokens_used"].flatMap(TokenUsage.init(wire:)),
            latencyMilliseconds: json["latency_ms"]?.intValue,
            nextIndex: json["next_index"]?.intValue,
            createdAt: createdAt,
            updatedAt: updatedAt
        )
    }
}

extension Reaction {
    fileprivate init?(wire json: JSON) {
        guard let emoji = json["emoji"]?.stringValue, let users = json["users"]?.arrayValue else { return nil }
        self.init(emoji: emoji, users: users.compactMap(\.stringValue).map(EmailAddress.init(normalized:)))
    }
}

extension TokenUsage {
    fileprivate init?(wire json: JSON) {
        guard let prompt = json["prompt"]?.intValue, let completion = json["completion"]?.intValue else { return nil }
        self.init(prompt: prompt, completion: completion)
    }
}

extension ID {
    init?(_ json: JSON?) {
        guard let text = json?.stringValue else { return nil }
        self.init(text)
    }
}

extension Timestamp {
    init?(_ json: JSON?) {
        guard let text = json?.stringValue else { return nil }
        self.init(text)
    }
}
