extension Event {
    /// The event's name on the wire.
    public var wireType: String {
        switch kind {
        case .delta: "message_delta"
        case .change(.conversationCreated): "conversation_created"
        case .change(.conversationUpdated): "conversation_updated"
        case .change(.conversationDeleted): "conversation_deleted"
        case .change(.messageAppended): "chat_message"
        case .change(.messageUpdated): "message_updated"
        case .typing: "typing"
        // Asking for its changes, one who may not see it any more is told that there is no such thing.
        case .movedAway: "resync"
        }
    }
}

extension JSONWriter {
    /// An event as API.md shapes it, the same over SSE and WebSocket.
    public mutating func event(_ event: Event) {
        object { writer in
            writer.member("type", event.wireType)
            switch event.kind {
            case .delta(let delta):
                writer.member("conversation_id", event.conversationID)
                writer.member("session_id", event.conversationID)
                writer.member("message_id", delta.messageID)
                writer.member("index", delta.index)
                writer.member("text", delta.text)
            case .typing(let typing):
                writer.member("conversation_id", event.conversationID)
                writer.member("user", typing.user.value)
            case .movedAway:
                writer.member("conversation_id", event.conversationID)
                writer.member("reason", "moved")
            case .change(.messageAppended(let message)), .change(.messageUpdated(let message)):
                writer.member("project_id", event.projectID)
                writer.member("conversation_id", event.conversationID)
                writer.member("session_id", event.conversationID)
                writer.member("revision", message.revision)
                writer.name("message")
                writer.message(message)
                writer.member("timestamp", event.timestamp)
            case .change(.conversationCreated(let conversation)), .change(.conversationUpdated(let conversation)),
                .change(.conversationDeleted(let conversation)):
                writer.member("project_id", event.projectID)
                writer.member("conversation_id", event.conversationID)
                writer.member("revision", conversation.revision)
                writer.name("conversation")
                writer.conversation(conversation)
                writer.member("timestamp", event.timestamp)
            }
        }
    }
}
