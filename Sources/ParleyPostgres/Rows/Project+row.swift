internal import ParleyCore

extension Project {
    /// What ``init(_:)`` reads, of a project `o`.
    ///
    /// Addresses are ordered by their bytes, whatever order the database's language has.
    static let columns = """
        o.id, o.name, o.description, o.persona, o.retention_days, o.personal_of IS NOT NULL,
        ARRAY(SELECT q.email FROM project_member q WHERE q.project_id = o.id ORDER BY q.email COLLATE "C"),
        ARRAY(SELECT q.role FROM project_member q WHERE q.project_id = o.id ORDER BY q.email COLLATE "C"),
        o.created_at, o.updated_at
        """

    /// Reads ``columns``.
    init(_ columns: inout Columns) throws {
        self.init(
            id: try columns.next(),
            name: try columns.next(),
            description: try columns.nextIfPresent(),
            persona: try columns.nextIfPresent(),
            retentionDays: try columns.nextIfPresent(),
            isPersonal: try columns.next(),
            members: try zip(
                columns.nextArray(EmailAddress.self).compactMap(\.self),
                columns.nextArray(Role.self).compactMap(\.self)
            )
            .map { Member(email: $0, role: $1) },
            createdAt: try columns.next(),
            updatedAt: try columns.next()
        )
    }

    /// Refuses what is not for a personal project.
    func requireShared() throws {
        guard !isPersonal else { throw ParleyError.forbidden("A personal project can't be shared or deleted.") }
    }
}

extension Querying {
    /// A project that the caller may do `access` to, with its members.
    func project(
        _ id: ProjectID,
        for access: Access,
        as identity: Identity
    ) async throws -> Project {
        let project = try await first(
            """
            SELECT \(Project.columns) FROM project o JOIN project_member p ON p.project_id = o.id AND p.email = $2
            WHERE o.id = $1
            """,
            [id, identity.email]
        ) { try Project(&$0) }
        try access.require(of: project?.role(of: identity.email))
        guard let project else { throw ParleyError.notFound }
        return project
    }

    /// A person's personal project, where they have been seen before.
    func personalProject(of identity: Identity) async throws -> Project? {
        try await first(
            "SELECT \(Project.columns) FROM project o WHERE o.personal_of = $1",
            [identity.email]
        ) { try Project(&$0) }
    }

    /// A project with its members, whoever asks: for those who have left it by asking.
    func project(_ id: ProjectID) async throws -> Project {
        let project = try await first(
            "SELECT \(Project.columns) FROM project o WHERE o.id = $1",
            [id]
        ) { try Project(&$0) }
        guard let project else { throw ParleyError.notFound }
        return project
    }
}
