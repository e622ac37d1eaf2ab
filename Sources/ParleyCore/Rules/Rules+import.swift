extension Rules {
    /// A message that existed elsewhere: all that holds for one to append, and that it has ended.
    ///
    /// A model's may be empty: a reply that was stopped at once, or failed, is.
    public static func imported(_ message: ImportedMessage, field: String = "") throws(ParleyError) {
        switch message.status {
        case .delivered, .failed, .interrupted: break
        case .deleted: return try deleted(message, field: field)
        case .streaming:
            throw .invalid(field + "status", "\(field)status must be delivered, failed, interrupted or deleted.")
        }
        try self.message(message.input, mayBeEmpty: message.input.role == .assistant, field: field)
        for reaction in message.reactions { _ = try emoji(reaction.emoji) }
        guard message.reactions.count <= Limits.reactionsPerMessage else {
            throw .invalid(
                field + "reactions",
                "\(field)reactions must hold at most \(Limits.reactionsPerMessage) different emoji."
            )
        }
        try versions(message.versions, of: message.input.role, field: field + "versions")
    }

    /// What one call brings of a conversation that existed elsewhere.
    public static func imported(_ conversation: ImportedConversation) throws(ParleyError) {
        _ = try title(conversation.title)
        if let text = conversation.description {
            guard try description(text) != nil else { throw .invalid("description", "description must not be empty.") }
        }
        if let origin = conversation.forkedFrom, origin.seq < 1 {
            throw .invalid("forked_from", "forked_from.seq must be at least 1.")
        }
        _ = try metadata(conversation.metadata)
        guard conversation.messages.count <= Limits.messagesPerImport else {
            throw .invalid("messages", "messages must hold at most \(Limits.messagesPerImport) entries.")
        }
        for (index, message) in conversation.messages.enumerated() {
            try imported(message, field: "messages[\(index)].")
        }
    }

    /// Texts that a message had before; a reply that was written anew may have had none.
    private static func versions(
        _ versions: [MessageVersion],
        of role: MessageRole,
        field: String
    ) throws(ParleyError) {
        for version in versions { try content(version.content, of: role, mayBeEmpty: true, field: field) }
        let bytes = versions.reduce(0) { $0 + $1.content.utf8.count }
        guard versions.count <= Limits.versionsPerMessage, bytes <= Limits.versionBytesPerMessage else {
            throw .invalid(field, ParleyError.tooManyVersions.message)
        }
    }

    private static func deleted(_ message: ImportedMessage, field: String) throws(ParleyError) {
        let place = NewMessage(id: message.input.id, role: message.input.role, content: "")
        let hasMore =
            message.input != place || message.isEdited || !message.reactions.isEmpty || !message.versions.isEmpty
            || message.tokensUsed != nil || message.latencyMilliseconds != nil
        guard !hasMore else {
            throw .invalid(field + "status", "\(field)A deleted message has nothing but its place and times.")
        }
    }
}
