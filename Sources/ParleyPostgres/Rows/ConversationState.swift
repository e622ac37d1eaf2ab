internal import ParleyCore

/// What a write knows of the conversation it is about to change, and what it makes of it.
struct ConversationState {
    let id: ConversationID
    /// The time of the write: never before the conversation's last one, though this instance's clock be behind another's.
    ///
    /// So the times of a log rise with its places.
    let now: Timestamp
    var projectID: ProjectID
    var revision: Int
    var messageCount: Int
    /// Which version of the log this is; ``WriteTransaction/bump(_:)`` makes the next.
    var tag: LogTag
    var title: String
    let titleIsGiven: Bool
    /// The revision that the last title of ``PostgresStore/improveTitle(_:of:as:)`` took.
    let titledRevision: Int?

    /// What ``init(_:_:now:)`` reads, of a conversation `c`.
    static let columns = """
        c.project_id, c.revision, c.message_count, c.tag, c.title, c.title_is_given, c.titled_revision, c.updated_at
        """

    init(_ id: ConversationID, _ columns: inout Columns, now: Timestamp) throws {
        self.id = id
        projectID = try columns.next()
        revision = try columns.next()
        messageCount = try columns.next()
        tag = try columns.next()
        title = try columns.next()
        titleIsGiven = try columns.next()
        titledRevision = try columns.nextIfPresent()
        self.now = max(now, try columns.next())
    }

    /// Refuses a write that was meant for another revision, unless a program's title is all that came since.
    func requireRevision(_ expected: Int?) throws {
        guard let expected, expected != revision else { return }
        if titledRevision == revision, expected == revision - 1 { return }
        throw ParleyError.stale(revision: revision)
    }
}

extension Querying {
    /// Refuses a project that the caller may not do `access` to.
    func requireProject(_ id: ProjectID, for access: Access, as identity: Identity) async throws {
        let role = try await first(
            "SELECT role FROM project_member WHERE project_id = $1 AND email = $2",
            [id, identity.email]
        ) { try $0.next(Role.self) }
        try access.require(of: role)
    }

    /// A conversation that the caller sees; nobody needs to ask for more who has shown that.
    func visibleConversation(_ id: ConversationID, as identity: Identity) async throws -> Conversation? {
        try await first(
            """
            SELECT \(Conversation.columns)
            FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
            WHERE c.id = $1 AND \(Retention.keeps())
            """,
            [id, identity.email]
        ) { try Conversation(&$0) }
    }

    /// A conversation, whose access has been checked in this transaction.
    func conversation(_ id: ConversationID) async throws -> Conversation {
        let conversation = try await first(
            "SELECT \(Conversation.columns) FROM conversation c WHERE c.id = $1",
            [id]
        ) { try Conversation(&$0) }
        guard let conversation else { throw ParleyError.notFound }
        return conversation
    }

    /// Whether a reply is being written in a conversation.
    func hasRunningReply(_ conversation: ConversationID) async throws -> Bool {
        try await exists("SELECT FROM live_reply WHERE conversation_id = $1", [conversation])
    }

    /// Refuses a write that a running reply is in the way of.
    func requireNoRunningReply(_ conversation: ConversationID) async throws {
        if try await hasRunningReply(conversation) { throw ParleyError.replyInProgress }
    }
}

extension Access {
    /// Refuses one who is no member, or whose role is not enough.
    func require(of role: Role?) throws {
        guard let role else { throw ParleyError.notFound }
        guard role.allows(self) else { throw refusal }
    }
}
