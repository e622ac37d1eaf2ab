public import ParleyCore

extension PublishingStore {
    /// Makes a conversation, and publishes it.
    public func createConversation(
        _ input: NewConversation,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        await publish(try await base.createConversation(input, as: identity))
    }

    /// Changes a conversation's own fields, and publishes it.
    public func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        await publish(
            try await base.updateConversation(id, changes, expectedRevision: expectedRevision, as: identity)
        )
    }

    /// Gives a conversation a better title, and publishes it where that changed anything.
    public func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        await publish(try await base.improveTitle(title, of: id, as: identity))
    }

    /// Deletes a conversation, and publishes that.
    public func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void> {
        await publish(try await base.deleteConversation(id, expectedRevision: expectedRevision, as: identity))
    }

    /// Forks a conversation, and publishes the new one.
    public func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        await publish(try await base.forkConversation(id, request, as: identity))
    }

    /// Makes a project; nothing is published of projects.
    public func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project> {
        await publish(try await base.createProject(input, as: identity))
    }

    /// Deletes a project, and publishes the deletion of each of its conversations.
    public func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void> {
        await publish(try await base.deleteProject(id, as: identity))
    }

    /// Appends messages, and publishes those that were new.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        await publish(
            try await base.appendMessages(
                messages,
                to: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        )
    }

    /// Changes a message, and publishes it.
    public func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        await publish(
            try await base.editMessage(
                id,
                in: conversation,
                changes,
                expectedRevision: expectedRevision,
                as: identity
            )
        )
    }

    /// Deletes a message, and publishes what is left of it.
    public func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        await publish(
            try await base.deleteMessage(
                id,
                in: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        )
    }

    /// Adds or takes back a reaction, and publishes the message.
    public func setReaction(
        _ emoji: String,
        present: Bool,
        on id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        await publish(
            try await base.setReaction(
                emoji,
                present: present,
                on: id,
                in: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        )
    }

    /// Begins a turn, and publishes its two messages and what came with them.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        await publish(try await base.beginTurn(request, expectedRevision: expectedRevision, as: identity))
    }

    /// Begins a reply anew, and publishes it.
    public func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        await publish(try await base.beginRegeneration(of: id, expectedRevision: expectedRevision, as: identity))
    }

    /// Ends a reply, and publishes it whole.
    public func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message> {
        await publish(try await base.finishReply(outcome, under: lease))
    }

    /// Interrupts the replies of dead writers, and publishes them.
    public func interruptAbandonedReplies() async throws -> Commit<Int> {
        await publish(try await base.interruptAbandonedReplies())
    }
}
