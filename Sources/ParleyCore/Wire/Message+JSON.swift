extension JSONWriter {
    /// A message as API.md shapes it.
    public mutating func message(_ message: Message) {
        object { $0.members(of: message) }
    }

    /// The members of a message, for an object that has more.
    public mutating func members(of message: Message) {
        member("id", message.id)
        member("conversation_id", message.conversationID)
        member("project_id", message.projectID)
        member("seq", message.seq)
        member("revision", message.revision)
        member("role", message.role.rawValue)
        member("author", message.author?.value)
        member("content", message.content)
        member("parts", message.parts.map(JSON.array))
        member("status", message.status.rawValue)
        member("is_edited", message.isEdited)
        name("reactions")
        array { for reaction in message.reactions { $0.reaction(reaction) } }
        member("metadata", message.metadata)
        member("contexts", message.contexts.map(JSON.array))
        member("ai_response", message.aiResponse)
        member("confidence", message.confidence.flatMap { JSONNumber($0) }.map(JSON.number))
        member("model", message.model)
        if let tokens = message.tokensUsed {
            name("tokens_used")
            object {
                $0.member("prompt", tokens.prompt)
                $0.member("completion", tokens.completion)
                $0.member("total", tokens.total)
            }
        }
        member("latency_ms", message.latencyMilliseconds)
        member("next_index", message.nextIndex)
        member("created_at", message.createdAt)
        member("updated_at", message.updatedAt)
    }

    private mutating func reaction(_ reaction: Reaction) {
        object { writer in
            writer.member("emoji", reaction.emoji)
            writer.name("users")
            writer.array { for user in reaction.users { $0.string(user.value) } }
        }
    }

    /// The member `messages`, oldest first.
    public mutating func messages(_ messages: [Message]) {
        name("messages")
        array { for message in messages { $0.message(message) } }
    }

    /// A text that a message had before.
    public mutating func version(_ version: MessageVersion) {
        object {
            $0.member("content", version.content)
            $0.member("author", version.author?.value)
            $0.member("created_at", version.createdAt)
        }
    }

    /// A draft; an empty one has no time.
    public mutating func draft(_ draft: Draft?) {
        object {
            $0.member("text", draft?.text ?? "")
            $0.member("updated_at", draft?.updatedAt)
        }
    }
}

extension Message {
    /// About how many bytes the message takes on the wire, so that a buffer need not grow.
    public var wireBytes: Int { content.utf8.count + 512 }
}
