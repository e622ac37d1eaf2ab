import ParleyCore

/// All that a ``MemoryStore`` holds, and the checks that every rule begins with.
struct MemoryState: Sendable {
    /// Whose draft it is, and of which conversation; none is the one not yet made.
    struct DraftKey: Hashable {
        let email: EmailAddress
        let conversation: ConversationID?
    }

    var projects: [ProjectID: StoredProject] = [:]
    var personalProjects: [EmailAddress: ProjectID] = [:]
    var conversations: [ConversationID: StoredConversation] = [:]
    var drafts: [DraftKey: Draft] = [:]
    /// How far people have read, by conversation.
    var readMarks: [ConversationID: [EmailAddress: Int]] = [:]
    /// Copies that are not whole yet, and the revision that they count as.
    var partialCopies: [ConversationID: Int] = [:]
    var accounts: [EmailAddress: Account] = [:]
    var loginSessions: [[UInt8]: LoginSession] = [:]
    var queryLog: [QueryLogEntry] = []
    /// When the state is looked at, which says what has expired.
    var now = Timestamp(microseconds: 0)
}

/// A project, and what its create was given.
struct StoredProject: Sendable {
    var project: Project
    /// None for a personal project, which nobody asked for.
    let fingerprint: Fingerprint?
}

extension MemoryState {
    /// A project the caller may do `access` to.
    func project(_ id: ProjectID, for access: Access, as identity: Identity) throws -> StoredProject {
        guard let stored = projects[id], let role = stored.project.role(of: identity.email) else {
            throw ParleyError.notFound
        }
        guard role.allows(access) else { throw access.refusal }
        return stored
    }

    /// A conversation the caller may do `access` to.
    func conversation(
        _ id: ConversationID,
        for access: Access,
        as identity: Identity
    ) throws -> StoredConversation {
        guard let stored = conversations[id], !hasExpired(stored) else { throw ParleyError.notFound }
        _ = try project(stored.fields.projectID, for: access, as: identity)
        return stored
    }

    /// Whether the caller is a member of a project.
    func isVisible(_ project: ProjectID, to identity: Identity) -> Bool {
        projects[project]?.project.role(of: identity.email) != nil
    }

    /// The conversations the caller sees: all, or one project's.
    func visibleConversations(in project: ProjectID?, as identity: Identity) throws -> [StoredConversation] {
        if let project { _ = try self.project(project, for: .read, as: identity) }
        return conversations.values.filter { stored in
            guard project == nil || stored.fields.projectID == project else { return false }
            return isVisible(stored.fields.projectID, to: identity) && !hasExpired(stored)
        }
    }

    /// Whether a conversation's project keeps it no longer; a reply that is being written keeps it.
    func hasExpired(_ stored: StoredConversation) -> Bool {
        guard let limit = projects[stored.fields.projectID]?.project.expiryLimit(at: now) else { return false }
        return stored.fields.updatedAt <= limit && !stored.hasRunningReply
    }

    /// A message looked up by its id alone, among what the caller sees, for which they may do `access`.
    ///
    /// Clients make ids too, so two conversations may hold the same one; then a running reply counts, else the conversation
    /// with the least id.
    func message(
        _ id: MessageID,
        for access: Access,
        as identity: Identity
    ) throws -> (conversation: StoredConversation, index: Int) {
        let found = try visibleConversations(in: nil, as: identity)
            .sorted { $0.fields.id < $1.fields.id }
            .compactMap { stored in stored.index(of: id).map { (conversation: stored, index: $0) } }
        let running = found.first { $0.conversation.log[$0.index].running != nil }
        guard let result = running ?? found.first else { throw ParleyError.notFound }
        _ = try project(result.conversation.fields.projectID, for: access, as: identity)
        return result
    }
}

extension Sequence {
    /// One page of what is listed by time and id, both descending.
    func page<Entity>(
        _ request: PageRequest,
        by key: (Element) -> (time: Timestamp, id: ID<Entity>)
    ) -> Page<Element> where Element: Sendable {
        let sorted = sorted { key($0) > key($1) }
        let rest = sorted.drop { element in
            guard let after = request.after else { return false }
            return key(element) >= (after.time, after.id())
        }
        let elements = Array(rest.prefix(request.limit))
        let next = rest.count > elements.count ? elements.last.map { Cursor(time: key($0).time, id: key($0).id) } : nil
        return Page(elements: elements, next: next)
    }
}
