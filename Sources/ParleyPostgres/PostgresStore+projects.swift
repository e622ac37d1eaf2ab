internal import LibPQ
public import ParleyCore

extension PostgresStore {
    /// The caller's personal project, made on first sight.
    public func personalProject(as identity: Identity) async throws -> Project {
        if let project = try await read({ try await $0.personalProject(of: identity) }) { return project }
        return try await write { try await $0.personalProject(of: identity) }
    }

    /// Makes a project with the caller as its owner.
    public func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project> {
        try await write { transaction in
            let db = transaction.db
            let fingerprint = Fingerprint(of: input).value
            let id = input.id ?? transaction.ids.make()
            let count = try await db.run(
                """
                INSERT INTO project (id, name, description, persona, retention_days, fingerprint, created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (id) DO NOTHING
                """,
                Arguments([
                    .value(id), .value(input.name), .value(input.description), .value(input.persona),
                    .value(input.retentionDays), .value(fingerprint), .value(transaction.now),
                ])
            )
            guard count == 1 else {
                let project = try await db.project(id, for: .read, as: identity)
                let stored = try await db.first(
                    "SELECT fingerprint FROM project WHERE id = $1",
                    [id]
                ) { try $0.nextIfPresent(Int64.self) ?? nil }
                guard stored == fingerprint else { throw ParleyError.idempotencyConflict }
                return .replay(project)
            }
            try await transaction.addOwner(identity, to: id)
            return .membership(try await db.project(id, for: .read, as: identity), joined: identity.email)
        }
    }

    /// A project the caller is a member of.
    public func project(_ id: ProjectID, as identity: Identity) async throws -> Project {
        try await read { try await $0.project(id, for: .read, as: identity) }
    }

    /// The caller's projects, newest first.
    public func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project> {
        _ = try await personalProject(as: identity)
        let found = try await read { db in
            try await db.all(
                """
                SELECT \(Project.columns) FROM project_member p JOIN project o ON o.id = p.project_id
                WHERE p.email = $1 AND (o.updated_at, o.id) < ($2, $3)
                ORDER BY o.updated_at DESC, o.id DESC LIMIT $4
                """,
                [identity.email] + page.place(of: Project.self)
            ) { try Project(&$0) }
        }
        return page.cut(found) { Cursor(time: $0.updatedAt, id: $0.id) }
    }

    /// Changes a project's own fields.
    public func updateProject(
        _ id: ProjectID,
        _ changes: ProjectChanges,
        as identity: Identity
    ) async throws -> Project {
        try await write { transaction in
            let before = try await transaction.lock(id, for: .administer, as: identity)
            let name = changes.name ?? before.name
            let description = changes.description ?? before.description
            let persona = changes.persona ?? before.persona
            let retentionDays = changes.retentionDays ?? before.retentionDays
            let isSame =
                name.isExactly(before.name) && description.isExactly(before.description)
                && persona.isExactly(before.persona) && retentionDays == before.retentionDays
            if isSame { return before }
            try await transaction.db.run(
                """
                UPDATE project SET name = $2, description = $3, persona = $4, retention_days = $5, updated_at = $6
                WHERE id = $1
                """,
                Arguments([
                    .value(id), .value(name), .value(description), .value(persona), .value(retentionDays),
                    .value(transaction.now),
                ])
            )
            return try await transaction.db.project(id, for: .read, as: identity)
        }
    }

    /// Deletes a project and all its conversations.
    public func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void> {
        try await write(isLong: true) { transaction in
            let db = transaction.db
            let project = try await transaction.lock(id, for: .administer, as: identity, isForDeletion: true)
            try project.requireShared()
            // After the project, which nothing can be moved into any more: those who write in a conversation come to an end.
            try await db.runLong("SELECT FROM conversation WHERE project_id = $1 ORDER BY id FOR UPDATE", [id])
            let conversations = try await db.allLong(
                "SELECT \(Conversation.columns) FROM conversation c WHERE c.project_id = $1 ORDER BY c.id",
                [id]
            ) { try Conversation(&$0) }
            try await db.runLong("DELETE FROM project WHERE id = $1", [id])
            let changes = conversations.map { conversation in
                var last = conversation
                last.revision += 1
                last.updatedAt = max(transaction.now, last.updatedAt)
                return Change.conversationDeleted(last)
            }
            return Commit((), changes: changes, notices: [.projectDeleted(id)])
        }
    }
}

extension WriteTransaction {
    /// The caller's personal project, made where it is missing.
    func personalProject(of identity: Identity) async throws -> Project {
        if let project = try await db.personalProject(of: identity) { return project }
        let id: ProjectID = ids.make()
        let count = try await db.run(
            """
            INSERT INTO project (id, name, personal_of, created_at, updated_at) VALUES ($1, 'Personal', $2, $3, $3)
            ON CONFLICT (personal_of) DO NOTHING
            """,
            [id, identity.email, now]
        )
        // Where another one came first, it was waited for, and is there now.
        if count == 1 { try await addOwner(identity, to: id) }
        guard let project = try await db.personalProject(of: identity) else { throw ParleyError.overtaken }
        return project
    }

    /// The project that something new goes to, where the caller may write: their personal one where none is named.
    ///
    /// It is kept from being deleted until the end.
    func project(toWriteIn id: ProjectID?, as identity: Identity) async throws -> ProjectID {
        // A personal project is never deleted.
        guard let id else { return try await personalProject(of: identity).id }
        try await keep(id, as: identity)
        try await db.requireProject(id, for: .write, as: identity)
        return id
    }

    /// A project that the caller may do `access` to, locked until the end against all who change it or its members.
    func lock(
        _ id: ProjectID,
        for access: Access,
        as identity: Identity,
        isForDeletion: Bool = false
    ) async throws -> Project {
        // By its members only: others must not make them wait.
        try await db.run(
            """
            SELECT FROM project o WHERE o.id = $1
            AND EXISTS (SELECT FROM project_member p WHERE p.project_id = o.id AND p.email = $2)
            FOR \(isForDeletion ? "UPDATE" : "NO KEY UPDATE") OF o
            """,
            [id, identity.email]
        )
        return try await db.project(id, for: access, as: identity)
    }

    fileprivate func addOwner(_ identity: Identity, to project: ProjectID) async throws {
        try await db.run(
            "INSERT INTO project_member (project_id, email, role) VALUES ($1, $2, $3)",
            [project, identity.email, Role.owner]
        )
    }
}
