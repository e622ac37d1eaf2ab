extension JSONWriter {
    /// A conversation as API.md shapes it.
    public mutating func conversation(_ conversation: Conversation) {
        object { $0.members(of: conversation) }
    }

    /// A conversation's members, for answers that add some.
    public mutating func members(of conversation: Conversation) {
        member("id", conversation.id)
        member("project_id", conversation.projectID)
        member("owner", conversation.owner.value)
        member("title", conversation.title)
        member("description", conversation.description)
        member("status", conversation.status.rawValue)
        member("pinned", conversation.isPinned)
        member("metadata", conversation.metadata)
        member("message_count", conversation.messageCount)
        member("revision", conversation.revision)
        member("preview", conversation.preview)
        member("created_at", conversation.createdAt)
        member("updated_at", conversation.updatedAt)
        member("last_message_at", conversation.lastMessageAt)
        if let origin = conversation.forkedFrom {
            name("forked_from")
            object {
                $0.member("conversation_id", origin.conversationID)
                $0.member("seq", origin.seq)
            }
        }
    }

    /// A page of a list under its name, with `next_cursor` where there is more.
    public mutating func page<Element>(
        _ name: StaticString,
        _ page: Page<Element>,
        _ element: (inout JSONWriter, Element) -> Void
    ) {
        object { writer in
            writer.name(name)
            writer.array { for item in page.elements { element(&$0, item) } }
            writer.member("next_cursor", page.next?.text)
        }
    }

    /// What a search found.
    public mutating func hit(_ hit: SearchHit) {
        object { writer in
            writer.name("conversation")
            writer.conversation(hit.conversation)
            writer.name("message")
            writer.message(hit.message)
            writer.member("snippet", hit.snippet)
        }
    }
}
