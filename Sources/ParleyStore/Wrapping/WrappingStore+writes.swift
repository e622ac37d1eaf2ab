public import ParleyCore

// Every commit is settled before it is handed out.
extension WrappingStore {
    /// Makes a conversation.
    public func createConversation(
        _ input: NewConversation,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        await settled(try await wrapped.createConversation(input, as: identity))
    }

    /// Changes a conversation's own fields.
    public func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        await settled(
            try await wrapped.updateConversation(id, changes, expectedRevision: expectedRevision, as: identity)
        )
    }

    /// Gives a conversation a better title.
    public func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        await settled(try await wrapped.improveTitle(title, of: id, as: identity))
    }

    /// Deletes a conversation.
    public func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void> {
        await settled(try await wrapped.deleteConversation(id, expectedRevision: expectedRevision, as: identity))
    }

    /// Forks a conversation.
    public func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        await settled(try await wrapped.forkConversation(id, request, as: identity))
    }

    /// Brings a conversation from elsewhere.
    public func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome> {
        await settled(try await wrapped.importConversation(input, as: identity))
    }

    /// Notes how far the caller has read a conversation.
    public func setReadMark(
        _ seq: Int,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Commit<ReadMark> {
        await settled(try await wrapped.setReadMark(seq, in: conversation, as: identity))
    }

    /// Makes a project.
    public func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project> {
        await settled(try await wrapped.createProject(input, as: identity))
    }

    /// Deletes a project, and all its conversations.
    public func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void> {
        await settled(try await wrapped.deleteProject(id, as: identity))
    }

    /// Adds a member or changes their role.
    public func setMember(
        _ email: EmailAddress,
        role: Role,
        in project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        await settled(try await wrapped.setMember(email, role: role, in: project, as: identity))
    }

    /// Removes a member.
    public func removeMember(
        _ email: EmailAddress,
        from project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        await settled(try await wrapped.removeMember(email, from: project, as: identity))
    }

    /// Appends messages.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        await settled(
            try await wrapped.appendMessages(
                messages,
                to: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        )
    }

    /// Changes a message.
    public func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        await settled(
            try await wrapped.editMessage(
                id,
                in: conversation,
                changes,
                expectedRevision: expectedRevision,
                as: identity
            )
        )
    }

    /// Deletes a message.
    public func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        await settled(
            try await wrapped.deleteMessage(
                id,
                in: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        )
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
        await settled(
            try await wrapped.setReaction(
                emoji,
                present: present,
                on: id,
                in: conversation,
                expectedRevision: expectedRevision,
                as: identity
            )
        )
    }

    /// Begins a turn.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        await settled(try await wrapped.beginTurn(request, expectedRevision: expectedRevision, as: identity))
    }

    /// Begins a reply anew.
    public func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        await settled(try await wrapped.beginRegeneration(of: id, expectedRevision: expectedRevision, as: identity))
    }

    /// Ends a reply.
    public func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message> {
        await settled(try await wrapped.finishReply(outcome, under: lease))
    }

    /// Interrupts the replies of dead writers.
    public func interruptAbandonedReplies() async throws -> Commit<Int> {
        await settled(try await wrapped.interruptAbandonedReplies())
    }
}
