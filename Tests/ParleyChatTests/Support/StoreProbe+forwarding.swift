import ParleyCore

// What a probe has no interest in passes through.
extension StoreProbe {
    func authorize(
        _ access: Access,
        to conversation: ConversationID,
        as identity: Identity
    ) async throws {
        try await base.authorize(access, to: conversation, as: identity)
    }

    func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) async throws -> (conversation: Conversation, page: MessagePage) {
        try await base.conversation(id, newestMessages: limit, as: identity)
    }

    func conversations(
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<Conversation> {
        try await base.conversations(filter, page: page, as: identity)
    }

    func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage {
        try await base.changes(in: conversation, since: revision, limit: limit, as: identity)
    }

    func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await base.improveTitle(title, of: id, as: identity)
    }

    func draft(in conversation: ConversationID?, as identity: Identity) async throws -> Draft? {
        try await base.draft(in: conversation, as: identity)
    }

    func setDraft(
        _ text: String,
        in conversation: ConversationID?,
        as identity: Identity
    ) async throws -> Draft {
        try await base.setDraft(text, in: conversation, as: identity)
    }

    func setReadMark(
        _ seq: Int,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Commit<ReadMark> {
        try await base.setReadMark(seq, in: conversation, as: identity)
    }

    func readMarks(of conversations: [ConversationID], as identity: Identity) async throws -> [ReadMark] {
        try await base.readMarks(of: conversations, as: identity)
    }

    func search(
        _ query: SearchQuery,
        in project: ProjectID?,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<SearchHit> {
        try await base.search(query, in: project, page: page, as: identity)
    }

    func personalProject(as identity: Identity) async throws -> Project {
        try await base.personalProject(as: identity)
    }

    func project(_ id: ProjectID, as identity: Identity) async throws -> Project {
        try await base.project(id, as: identity)
    }

    func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project> {
        try await base.projects(page: page, as: identity)
    }

    func updateProject(
        _ id: ProjectID,
        _ changes: ProjectChanges,
        as identity: Identity
    ) async throws -> Project {
        try await base.updateProject(id, changes, as: identity)
    }

    func setMember(
        _ email: EmailAddress,
        role: Role,
        in project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        try await base.setMember(email, role: role, in: project, as: identity)
    }

    func removeMember(
        _ email: EmailAddress,
        from project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        try await base.removeMember(email, from: project, as: identity)
    }

    func authorize(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        try await base.authorize(access, to: message, in: conversation, as: identity)
    }

    func newestMessages(in project: ProjectID, limit: Int, as identity: Identity) async throws -> [Message] {
        try await base.newestMessages(in: project, limit: limit, as: identity)
    }

    func versions(
        of id: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> [MessageVersion] {
        try await base.versions(of: id, in: conversation, as: identity)
    }

    func replyProgress(
        of id: MessageID,
        after index: Int,
        as identity: Identity
    ) async throws -> ReplyProgress {
        try await base.replyProgress(of: id, after: index, as: identity)
    }

    func runningReply(in conversation: ConversationID, as identity: Identity) async throws -> ReplyProgress? {
        try await base.runningReply(in: conversation, as: identity)
    }

    func createConversation(
        _ input: NewConversation,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await base.createConversation(input, as: identity)
    }

    func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await base.updateConversation(id, changes, expectedRevision: expectedRevision, as: identity)
    }

    func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void> {
        try await base.deleteConversation(id, expectedRevision: expectedRevision, as: identity)
    }

    func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await base.forkConversation(id, request, as: identity)
    }

    func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome> {
        try await base.importConversation(input, as: identity)
    }

    func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project> {
        try await base.createProject(input, as: identity)
    }

    func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void> {
        try await base.deleteProject(id, as: identity)
    }

    func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        try await base.appendMessages(
            messages,
            to: conversation,
            expectedRevision: expectedRevision,
            as: identity
        )
    }

    func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await base.editMessage(
            id,
            in: conversation,
            changes,
            expectedRevision: expectedRevision,
            as: identity
        )
    }

    func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await base.deleteMessage(
            id,
            in: conversation,
            expectedRevision: expectedRevision,
            as: identity
        )
    }

    func setReaction(
        _ emoji: String,
        present: Bool,
        on id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message> {
        try await base.setReaction(
            emoji,
            present: present,
            on: id,
            in: conversation,
            expectedRevision: expectedRevision,
            as: identity
        )
    }

    func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        try await base.beginRegeneration(of: id, expectedRevision: expectedRevision, as: identity)
    }

    func interruptAbandonedReplies() async throws -> Commit<Int> {
        try await base.interruptAbandonedReplies()
    }
}
