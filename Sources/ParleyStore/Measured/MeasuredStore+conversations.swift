public import ParleyCore

extension MeasuredStore {
    /// `authorize`, measured.
    public func authorize(_ access: Access, to conversation: ConversationID, as identity: Identity) async throws {
        try await measure(.authorize) { try await base.authorize(access, to: conversation, as: identity) }
    }

    /// `conversation`, measured.
    public func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) async throws -> (conversation: Conversation, page: MessagePage) {
        try await measure(.conversation) { try await base.conversation(id, newestMessages: limit, as: identity) }
    }

    /// `conversations`, measured.
    public func conversations(
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<Conversation> {
        try await measure(.conversations) { try await base.conversations(filter, page: page, as: identity) }
    }

    /// `changes`, measured.
    public func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage {
        try await measure(.changes) {
            try await base.changes(in: conversation, since: revision, limit: limit, as: identity)
        }
    }

    /// `draft`, measured.
    public func draft(in conversation: ConversationID?, as identity: Identity) async throws -> Draft? {
        try await measure(.draft) { try await base.draft(in: conversation, as: identity) }
    }

    /// `setDraft`, measured.
    public func setDraft(
        _ text: String,
        in conversation: ConversationID?,
        as identity: Identity
    ) async throws -> Draft {
        try await measure(.setDraft) { try await base.setDraft(text, in: conversation, as: identity) }
    }

    /// `setReadMark`, measured.
    public func setReadMark(
        _ seq: Int,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Commit<ReadMark> {
        try await measure(.setReadMark) { try await base.setReadMark(seq, in: conversation, as: identity) }
    }

    /// `readMarks`, measured.
    public func readMarks(of conversations: [ConversationID], as identity: Identity) async throws -> [ReadMark] {
        try await measure(.readMarks) { try await base.readMarks(of: conversations, as: identity) }
    }

    /// `search`, measured.
    public func search(
        _ query: SearchQuery,
        in project: ProjectID?,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<SearchHit> {
        try await measure(.search) { try await base.search(query, in: project, page: page, as: identity) }
    }

    /// `authorize`, measured.
    public func authorize(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        try await measure(.authorize) { try await base.authorize(access, to: message, in: conversation, as: identity) }
    }

    /// `createConversation`, measured.
    public func createConversation(
        _ input: NewConversation,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await measure(.createConversation) { try await base.createConversation(input, as: identity) }
    }

    /// `updateConversation`, measured.
    public func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await measure(.updateConversation) {
            try await base.updateConversation(id, changes, expectedRevision: expectedRevision, as: identity)
        }
    }

    /// `improveTitle`, measured.
    public func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await measure(.improveTitle) { try await base.improveTitle(title, of: id, as: identity) }
    }

    /// `deleteConversation`, measured.
    public func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void> {
        try await measure(.deleteConversation) {
            try await base.deleteConversation(id, expectedRevision: expectedRevision, as: identity)
        }
    }

    /// `forkConversation`, measured.
    public func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await measure(.forkConversation) { try await base.forkConversation(id, request, as: identity) }
    }

    /// `importConversation`, measured.
    public func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome> {
        try await measure(.importConversation) { try await base.importConversation(input, as: identity) }
    }
}
