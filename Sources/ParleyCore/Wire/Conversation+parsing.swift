extension Conversation {
    /// Reads a conversation from what ``JSONWriter/conversation(_:)`` wrote; `nil` where that can't be.
    ///
    /// For our own buses, not for clients. Times come back in whole milliseconds; ``hasGivenTitle``, which clients are not
    /// told, is `false`.
    public init?(wire json: JSON) {
        guard let id = ConversationID(json["id"]), let projectID = ProjectID(json["project_id"]),
            let owner = json["owner"]?.stringValue, let title = json["title"]?.stringValue,
            let status = json["status"]?.stringValue.flatMap(ConversationStatus.init(rawValue:)),
            let isPinned = json["pinned"]?.boolValue, let metadata = json["metadata"]?.objectValue,
            let messageCount = json["message_count"]?.intValue, let revision = json["revision"]?.intValue,
            let createdAt = Timestamp(json["created_at"]), let updatedAt = Timestamp(json["updated_at"])
        else { return nil }
        self.init(
            id: id,
            projectID: projectID,
            owner: EmailAddress(normalized: owner),
            title: title,
            description: json["description"]?.stringValue,
            status: status,
            isPinned: isPinned,
            metadata: metadata,
            messageCount: messageCount,
            revision: revision,
            preview: json["preview"]?.stringValue,
            createdAt: createdAt,
            updatedAt: updatedAt,
            lastMessageAt: Timestamp(json["last_message_at"]),
            forkedFrom: json["forked_from"].flatMap(ForkOrigin.init(wire:))
        )
    }
}

extension ForkOrigin {
    fileprivate init?(wire json: JSON) {
        guard let conversation = ConversationID(json["conversation_id"]), let seq = json["seq"]?.intValue else {
            return nil
        }
        self.init(conversationID: conversation, seq: seq)
    }
}
