internal import GRDB
internal import ParleyCore

/// What a write knows of the conversation it is about to change, from one statement that checks the access, too.
struct ConversationState {
    let id: ConversationID
    let key: Int64
    var projectID: ProjectID
    var revision: Int
    var messageCount: Int
    let titleIsGiven: Bool
    /// The revision that the last title of ``SQLiteStore/improveTitle(_:of:as:)`` took.
    let titledRevision: Int?

    fileprivate init(_ id: ConversationID, _ columns: inout Columns) throws {
        self.id = id
        key = try columns.next()
        projectID = try columns.next()
        revision = try columns.next()
        messageCount = try columns.next()
        titleIsGiven = try columns.next()
        titledRevision = try columns.nextIfPresent()
    }

    /// What ``init(_:_:)`` reads, of a conversation `c`.
    fileprivate static let columns = """
        c.key, c.project_id, c.revision, c.message_count, c.title_is_given, c.titled_revision
        """

    /// Refuses a write that was meant for another revision, unless a program's title is all that came since.
    func requireRevision(_ expected: Int?) throws {
        guard let expected, expected != revision else { return }
        if titledRevision == revision, expected == revision - 1 { return }
        throw ParleyError.stale(revision: revision)
    }
}

extension Database {
    /// A conversation that the caller may do `access` to.
    func conversationState(
        _ id: ConversationID,
        for access: Access,
        as identity: Identity
    ) throws -> ConversationState {
        let found = try first(
            """
            SELECT \(ConversationState.columns), p.role
            FROM conversation c CROSS JOIN project_member p ON p.project_id = c.project_id AND p.email = ?2
            WHERE c.id = ?1 AND \(Retention.keeps())
            """,
            [id, identity.email]
        ) { (state: try ConversationState(id, &$0), role: try $0.next(Role.self)) }
        guard let found else { throw ParleyError.notFound }
        guard found.role.allows(access) else { throw access.refusal }
        return found.state
    }

    /// A conversation, for one whose right to it is a reply's lease.
    func conversationState(_ id: ConversationID) throws -> ConversationState {
        let state = try first(
            "SELECT \(ConversationState.columns) FROM conversation c WHERE c.id = ?",
            [id]
        ) { try ConversationState(id, &$0) }
        guard let state else { throw ParleyError.notFound }
        return state
    }

    /// Refuses a project that the caller may not do `access` to.
    func requireProject(_ id: ProjectID, for access: Access, as identity: Identity) throws {
        let role = try first(
            "SELECT role FROM project_member WHERE project_id = ? AND email = ?",
            [id, identity.email]
        ) { try $0.next(Role.self) }
        guard let role else { throw ParleyError.notFound }
        guard role.allows(access) else { throw access.refusal }
    }

    /// Whether a reply is being written in a conversation.
    func hasRunningReply(_ conversation: ConversationID) throws -> Bool {
        try exists("SELECT 1 FROM live_reply WHERE conversation_id = ?", [conversation])
    }

    /// Refuses a write that a running reply is in the way of.
    func requireNoRunningReply(_ conversation: ConversationID) throws {
        if try hasRunningReply(conversation) { throw ParleyError.replyInProgress }
    }
}
