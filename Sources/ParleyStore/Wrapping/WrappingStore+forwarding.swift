public import ParleyCore

// What changes no conversation passes through.
extension WrappingStore {
    /// Checks that the caller may do `access` to a conversation.
    public func authorize(
        _ access: Access,
        to conversation: ConversationID,
        as identity: Identity
    ) async throws {
        try await wrapped.authorize(access, to: conversation, as: identity)
    }

    /// A conversation with its newest messages, oldest first.
    public func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) async throws -> (conversation: Conversation, page: MessagePage) {
        try await wrapped.conversation(id, newestMessages: limit, as: identity)
    }

    /// Conversations by `updatedAt`, newest first.
    public func conversations(
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<Conversation> {
        try await wrapped.conversations(filter, page: page, as: identity)
    }

    /// The messages changed since a revision.
    public func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage {
        try await wrapped.changes(in: conversation, since: revision, limit: limit, as: identity)
    }

    /// The caller's own draft.
    public func draft(in conversation: ConversationID?, as identity: Identity) async throws -> Draft? {
        try await wrapped.draft(in: conversation, as: identity)
    }

    /// Keeps the caller's own draft.
    public func setDraft(
        _ text: String,
        in conversation: ConversationID?,
        as identity: Identity
    ) async throws -> Draft {
        try await wrapped.setDraft(text, in: conversation, as: identity)
    }

    /// How far the caller has read each of several conversations.
    public func readMarks(of conversations: [ConversationID], as identity: Identity) async throws -> [ReadMark] {
        try await wrapped.readMarks(of: conversations, as: identity)
    }

    /// Messages that match.
    public func search(
        _ query: SearchQuery,
        in project: ProjectID?,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<SearchHit> {
        try await wrapped.search(query, in: project, page: page, as: identity)
    }

    /// The caller's personal project.
    public func personalProject(as identity: Identity) async throws -> Project {
        try await wrapped.personalProject(as: identity)
    }

    /// A project the caller is a member of.
    public func project(_ id: ProjectID, as identity: Identity) async throws -> Project {
        try await wrapped.project(id, as: identity)
    }

    /// The caller's projects, newest first.
    public func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project> {
        try await wrapped.projects(page: page, as: identity)
    }

    /// Changes a project's own fields.
    public func updateProject(
        _ id: ProjectID,
        _ changes: ProjectChanges,
        as identity: Identity
    ) async throws -> Project {
        try await wrapped.updateProject(id, changes, as: identity)
    }

    /// A part of a log.
    public func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) async throws -> MessagePage {
        try await wrapped.messages(in: conversation, range, limit: limit, as: identity)
    }

    /// The newest messages of all of a project's conversations, oldest first.
    public func newestMessages(in project: ProjectID, limit: Int, as identity: Identity) async throws -> [Message] {
        try await wrapped.newestMessages(in: project, limit: limit, as: identity)
    }

    /// Checks that the caller may do `access` to a message.
    public func authorize(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        try await wrapped.authorize(access, to: message, in: conversation, as: identity)
    }

    /// The texts a message had before, oldest first.
    public func versions(
        of id: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> [MessageVersion] {
        try await wrapped.versions(of: id, in: conversation, as: identity)
    }

    /// Commits pieces of a reply and renews the lease.
    public func appendPieces(
        _ pieces: [String],
        at index: Int,
        under lease: ReplyLease
    ) async throws -> LeaseState {
        try await wrapped.appendPieces(pieces, at: index, under: lease)
    }

    /// Renews a lease.
    public func renew(_ lease: ReplyLease) async throws -> LeaseState {
        try await wrapped.renew(lease)
    }

    /// Asks whoever writes a reply to stop.
    public func requestStop(of id: MessageID, as identity: Identity) async throws -> Message {
        try await wrapped.requestStop(of: id, as: identity)
    }

    /// The reply that is being written in a conversation, and all its pieces.
    public func runningReply(in conversation: ConversationID, as identity: Identity) async throws -> ReplyProgress? {
        try await wrapped.runningReply(in: conversation, as: identity)
    }

    /// A reply, and its pieces behind an index.
    public func replyProgress(
        of id: MessageID,
        after index: Int,
        as identity: Identity
    ) async throws -> ReplyProgress {
        try await wrapped.replyProgress(of: id, after: index, as: identity)
    }
}
