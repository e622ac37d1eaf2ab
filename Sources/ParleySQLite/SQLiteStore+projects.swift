internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// The caller's personal project, made on first sight.
    public func personalProject(as identity: Identity) async throws -> Project {
        if let project = try await read({ try $0.personalProject(of: identity) }) { return project }
        return try await write { try $0.personalProject(of: identity) }
    }

    /// Makes a project with the caller as its owner.
    public func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project> {
        try await write { transaction in
            let db = transaction.db
            let fingerprint = Fingerprint(of: input).value
            if let id = input.id,
                let stored = try db.first(
                    "SELECT fingerprint FROM project WHERE id = ?",
                    [id],
                    { try $0.nextIfPresent(Int64.self) }
                )
            {
                let project = try db.project(id, for: .read, as: identity)
                guard stored == fingerprint else { throw ParleyError.idempotencyConflict }
                return .replay(project)
            }
            let id = input.id ?? transaction.ids.make()
            let now = transaction.now
            try db.run(
                """
                INSERT INTO project (id, name, description, persona, retention_days, fingerprint, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [id, input.name, input.description, input.persona, input.retentionDays, fingerprint, now, now]
            )
            try db.run(
                "INSERT INTO project_member (project_id, email, role) VALUES (?, ?, ?)",
                [id, identity.email, Role.owner]
            )
            return .membership(try db.project(id, for: .read, as: identity), joined: identity.email)
        }
    }

    /// A project the caller is a member of.
    public func project(_ id: ProjectID, as identity: Identity) async throws -> Project {
        try await read { try $0.project(id, for: .read, as: identity) }
    }

    /// The caller's projects, newest first.
    public func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project> {
        _ = try await personalProject(as: identity)
        return try await read { db in
            let ids = try db.all(
                """
                SELECT o.id FROM project_member p CROSS JOIN project o ON o.id = p.project_id
                WHERE p.email = ? AND (o.updated_at, o.id) < (?, ?)
                ORDER BY o.updated_at DESC, o.id DESC LIMIT ?
                """,
                [identity.email] + page.place(of: Project.self)
            ) { try $0.next(ProjectID.self) }
            return try page.cut(ids) {
                Cursor(time: $0.updatedAt, id: $0.id)
            } load: {
                try db.project($0, for: .read, as: identity)
            }
        }
    }

    /// Changes a project's own fields.
    public func updateProject(
        _ id: ProjectID,
        _ changes: ProjectChanges,
        as identity: Identity
    ) async throws -> Project {
        try await write { transaction in
            let before = try transaction.db.project(id, for: .administer, as: identity)
            let name = changes.name ?? before.name
            let description = changes.description ?? before.description
            let persona = changes.persona ?? before.persona
            let retentionDays = changes.retentionDays ?? before.retentionDays
            let isSame =
                name.isExactly(before.name) && description.isExactly(before.description)
                && persona.isExactly(before.persona) && retentionDays == before.retentionDays
            if isSame { return before }
            try transaction.db.run(
                """
                UPDATE project SET name = ?, description = ?, persona = ?, retention_days = ?, updated_at = ? WHERE id = ?
                """,
                [name, description, persona, retentionDays, transaction.now, id]
            )
            return try transaction.db.project(id, for: .read, as: identity)
        }
    }

    /// Deletes a project and all its conversations.
    public func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void> {
        try await write { transaction in
            let db = transaction.db
            try db.sharedProject(id, as: identity)
            let conversations = try db.all(
                "SELECT id FROM conversation WHERE project_id = ? ORDER BY id",
                [id]
            ) { try $0.next(ConversationID.self) }
            let changes = try conversations.map { try transaction.deleteConversation($0) }
            try db.run("DELETE FROM project WHERE id = ?", [id])
            return Commit((), changes: changes, notices: [.projectDeleted(id)])
        }
    }
}

extension WriteTransaction {
    /// The caller's personal project, made where it is missing.
    func personalProject(of identity: Identity) throws -> Project {
        if let project = try db.personalProject(of: identity) { return project }
        let id: ProjectID = ids.make()
        try db.run(
            "INSERT INTO project (id, name, personal_of, created_at, updated_at) VALUES (?, 'Personal', ?, ?, ?)",
            [id, identity.email, now, now]
        )
        try db.run(
            "INSERT INTO project_member (project_id, email, role) VALUES (?, ?, ?)",
            [id, identity.email, Role.owner]
        )
        return try db.project(id, for: .read, as: identity)
    }

    /// The project that something new goes to, where the caller may write: their personal one where none is named.
    func project(toWriteIn id: ProjectID?, as identity: Identity) throws -> ProjectID {
        guard let id else { return try personalProject(of: identity).id }
        try db.requireProject(id, for: .write, as: identity)
        return id
    }
}

extension Database {
    /// A project that the caller may do `access` to, with its members.
    func project(_ id: ProjectID, for access: Access, as identity: Identity) throws -> Project {
        try requireProject(id, for: access, as: identity)
        return try project(id)
    }

    /// A project that the caller may administer and that is not a personal one.
    @discardableResult
    func sharedProject(_ id: ProjectID, as identity: Identity) throws -> Project {
        let project = try project(id, for: .administer, as: identity)
        guard !project.isPersonal else {
            throw ParleyError.forbidden("A personal project can't be shared or deleted.")
        }
        return project
    }

    /// A person's personal project, where they have been seen before.
    fileprivate func personalProject(of identity: Identity) throws -> Project? {
        try first(
            "SELECT id FROM project WHERE personal_of = ?",
            [identity.email]
        ) { try $0.next(ProjectID.self) }
        .map { try project($0) }
    }

    /// A project with its members, whoever asks: for those who have left it by asking.
    func project(_ id: ProjectID) throws -> Project {
        let members = try all(
            "SELECT email, role FROM project_member WHERE project_id = ? ORDER BY email",
            [id]
        ) { Member(email: try $0.next(), role: try $0.next()) }
        let project = try first(
            """
            SELECT name, description, persona, retention_days, personal_of IS NOT NULL, created_at, updated_at
            FROM project WHERE id = ?
            """,
            [id]
        ) { columns in
            Project(
                id: id,
                name: try columns.next(),
                description: try columns.nextIfPresent(),
                persona: try columns.nextIfPresent(),
                retentionDays: try columns.nextIfPresent(),
                isPersonal: try columns.next(),
                members: members,
                createdAt: try columns.next(),
                updatedAt: try columns.next()
            )
        }
        guard let project else { throw ParleyError.notFound }
        return project
    }
}
