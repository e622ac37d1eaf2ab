internal import LibPQ
internal import ParleyCore

// Each statement sees what was committed before it: so a write locks first, and decides by statements that come after.
extension WriteTransaction {
    /// A conversation that the caller may do `access` to, locked until the end.
    func lock(
        _ id: ConversationID,
        for access: Access,
        as identity: Identity
    ) async throws -> ConversationState {
        let (state, role) = try await lock(id, as: identity)
        try access.require(of: role)
        return state
    }

    /// A conversation that the caller sees, locked until the end, and what they may do.
    func lock(
        _ id: ConversationID,
        as identity: Identity
    ) async throws -> (state: ConversationState, role: Role) {
        // Not for one who can't see it, who would make others wait.
        let statement = """
            SELECT FROM conversation c WHERE c.id = $1
            AND EXISTS (
                SELECT FROM project_member p WHERE p.project_id = c.project_id AND p.email = $2 AND \(Retention.keeps())
            )
            FOR NO KEY UPDATE OF c
            """
        var isLocked = try await db.exists(statement, [id, identity.email])
        // Where it waited for one who moved the conversation, it saw the new project, but members as they were before.
        if !isLocked { isLocked = try await db.exists(statement, [id, identity.email]) }
        guard isLocked else { throw ParleyError.notFound }
        let found = try await db.first(
            """
            SELECT \(ConversationState.columns), p.role
            FROM conversation c JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
            WHERE c.id = $1 AND \(Retention.keeps())
            """,
            [id, identity.email]
        ) { (try ConversationState(id, &$0, now: now), try $0.next(Role.self)) }
        guard let found else { throw ParleyError.notFound }
        return found
    }

    /// A conversation, locked until the end, for one whose right to it is a reply's lease.
    func lock(_ id: ConversationID) async throws -> ConversationState {
        guard try await db.exists("SELECT FROM conversation WHERE id = $1 FOR NO KEY UPDATE", [id]) else {
            throw ParleyError.notFound
        }
        return try await state(of: id)
    }

    /// A conversation that this transaction holds.
    func state(of id: ConversationID) async throws -> ConversationState {
        let state = try await db.first(
            "SELECT \(ConversationState.columns) FROM conversation c WHERE c.id = $1",
            [id]
        ) { try ConversationState(id, &$0, now: now) }
        guard let state else { throw ParleyError.notFound }
        return state
    }

    /// Keeps a project that the caller is a member of from being deleted until the end; another one is left alone.
    ///
    /// Goes before the lock of a conversation.
    func keep(_ project: ProjectID, as identity: Identity) async throws {
        try await db.run(
            """
            SELECT FROM project o WHERE o.id = $1
            AND EXISTS (SELECT FROM project_member p WHERE p.project_id = o.id AND p.email = $2) FOR KEY SHARE OF o
            """,
            [project, identity.email]
        )
    }

    /// Keeps the project of a conversation that the caller sees from being deleted until the end.
    func keepProject(of conversation: ConversationID, as identity: Identity) async throws {
        let project = try await db.first(
            """
            SELECT c.project_id FROM conversation c
            JOIN project_member p ON p.project_id = c.project_id AND p.email = $2 WHERE c.id = $1
            """,
            [conversation, identity.email]
        ) { try $0.next(ProjectID.self) }
        guard let project else { throw ParleyError.notFound }
        try await keep(project, as: identity)
    }

    /// A message looked up by its id alone, among what the caller sees, for which they may do `access`; its conversation is
    /// locked until the end.
    func locate(
        _ id: MessageID,
        for access: Access,
        as identity: Identity
    ) async throws -> (state: ConversationState, message: StoredMessage) {
        let conversation = try await db.first(
            Self.locateStatement,
            [id, identity.email]
        ) { try $0.next(ConversationID.self) }
        guard let conversation else { throw ParleyError.notFound }
        let state = try await lock(conversation, for: access, as: identity)
        return (state, try await db.requireMessage(id, in: state))
    }

    /// The conversation of a message that the caller sees.
    ///
    /// Clients make ids too, so two conversations may hold the same one; then a running reply counts, else the conversation
    /// with the least id. Arguments: message, e-mail address.
    static let locateStatement = """
        SELECT c.id, c.project_id, p.role FROM message m JOIN conversation c ON c.id = m.conversation_id
        JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
        WHERE m.id = $1 AND \(Retention.keeps())
        ORDER BY m.status = 'streaming' DESC, c.id LIMIT 1
        """
}
