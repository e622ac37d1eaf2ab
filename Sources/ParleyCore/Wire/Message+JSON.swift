extension JSONWriter {
    /// A message as API.md shapes it.
    public mutating func message(_ message: Message) {
        object { writer in
            writer.member("id", message.id)
            writer.member("conversation_id", message.conversationID)
            writer.member("project_id", message.projectID)
            writer.member("seq", message.seq)
            writer.member("revision", message.revision)
            writer.member("role", message.role.rawValue)
            writer.member("author", message.author?.value)
            writer.member("content", message.content)
            writer.member("parts", message.parts.map(JSON.array))
            writer.member("status", message.status.rawValue)
            writer.member("is_edited", message.isEdited)
            writer.name("reactions")
            writer.array { for reaction in message.reactions { $0.reaction(reaction) } }
            writer.member("metadata", message.metadata)
            writer.member("contexts", message.contexts.map(JSON.array))
            writer.member("ai_response", message.aiResponse)
            writer.member("confidence", message.confidence.flatMap { JSONNumber($0) }.map(JSON.number))
            writer.member("model", message.model)
            if let tokens = message.tokensUsed {
                writer.name("tokens_used")
                writer.object {
                    $0.member("prompt", tokens.prompt)
                    $0.member("completion", tokens.completion)
                    $0.member("total", tokens.total)
                }
            }
            writer.member("latency_ms", message.latencyMilliseconds)
            writer.member("next_index", message.nextIndex)
            writer.member("created_at", message.createdAt)
            writer.member("updated_at", message.updatedAt)
        }
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
