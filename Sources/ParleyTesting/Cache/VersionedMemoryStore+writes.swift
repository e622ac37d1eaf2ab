public import ParleyCore
import ParleyStore

extension VersionedMemoryStore {
    /// Makes a conversation.
    public func createConversation(
        _ input: NewConversation,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try versioned { try memory.createConversation(input, as: identity) }
    }

    /// Changes a conversation's own fields.
    public func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try versioned { try memory.updateConversation(id, changes, expectedRevision: expectedRevision, as: identity) }
    }

    /// Gives a conversation a better title.
    public func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try versioned { try memory.improveTitle(title, of: id, as: identity) }
    }

    /// Deletes a conversation.
    public func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void> {
        try versioned { try memory.deleteConversation(id, expectedRevision: expectedRevision, as: identity) }
    }

    /// Forks a conversation.
    public func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try versioned { try memory.forkConversation(id, request, as: identity) }
    }

    /// Brings a conversation from elsewhere.
    public func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome> {
        try versioned { try memory.importConversation(input, as: identity) }
    }

    /// Makes a project.
    public func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project> {
        try versioned { try memory.createProject(input, as: identity) }
    }

    /// Deletes a project.
    public func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void> {
        try versioned { try memory.deleteProject(id, as: identity) }
    }

    /// Appends messages.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        try versioned {
            try memory.appendMessages(
                messages,
                to: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        }
    }

    /// Changes a message.
    public func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try versioned {
            try memory.editMessage(
                id,
                in: conversation,
                changes,
                expectedRevision: expectedRevision,
                as: identity
            )
        }
    }

    /// Deletes a message.
    public func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try versioned {
            try memory.deleteMessage(
                id,
                in: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        }
    }

    /// Adds or takes back a reaction.
    public func setReaction(
        _ emoji: String,
        present: Bool,
        on id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try versioned {
            try memory.setReaction(
                emoji,
                present: present,
                on: id,
                in: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        }
    }

    /// Begins a turn.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        try versioned { try memory.beginTurn(request, expectedRevision: expectedRevision, as: identity) }
    }

    /// Begins a reply anew.
    public func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        try versioned { try memory.beginRegeneration(of: id, expectedRevision: expectedRevision, as: identity) }
    }

    /// Ends a reply.
    public func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message> {
        try versioned { try memory.finishReply(outcome, under: lease) }
    }

    /// Interrupts the replies of dead writers.
    public func interruptAbandonedReplies() async throws -> Commit<Int> {
        try versioned { try memory.interruptAbandonedReplies() }
    }
}
