public import ParleyCore

extension PostgresStore {
    /// Adds a member or changes their role.
    public func setMember(
        _ email: EmailAddress,
        role: Role,
        in project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        try await write { transaction in
            // Whoever changes members locks the project: so two can't each take the other for the last owner.
            let before = try await transaction.lock(project, for: .administer, as: identity)
            try before.requireShared()
            let present = before.role(of: email)
            if present == role { return Commit(before, changes: []) }
            if role != .owner { try before.requireAnotherOwner(than: email) }
            guard present != nil || before.members.count < Limits.membersPerProject else {
                throw ParleyError(.conflict, "A project has at most \(Limits.membersPerProject) members.")
            }
            try await transaction.db.run(
                """
                INSERT INTO project_member (project_id, email, role) VALUES ($1, $2, $3)
                ON CONFLICT (project_id, email) DO UPDATE SET role = excluded.role
                """,
                [project, email, role]
            )
            return .membership(try await transaction.touch(project), joined: present == nil ? email : nil)
        }
    }

    /// Removes a member, and their drafts and read marks in the project's conversations.
    public func removeMember(
        _ email: EmailAddress,
        from project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        try await write(isLong: true) { transaction in
            let before = try await transaction.lock(project, for: .read, as: identity)
            guard before.role(of: email) != nil else { throw ParleyError.notFound }
            if email != identity.email { try Access.administer.require(of: before.role(of: identity.email)) }
            try before.requireAnotherOwner(than: email)
            try await transaction.db.run(
                "DELETE FROM project_member WHERE project_id = $1 AND email = $2",
                [project, email]
            )
            try await transaction.db.runLong(
                """
                DELETE FROM draft WHERE email = $2
                AND conversation_id IN (SELECT id FROM conversation WHERE project_id = $1)
                """,
                [project, email]
            )
            try await transaction.db.runLong(
                """
                DELETE FROM read_mark WHERE email = $2
                AND conversation_id IN (SELECT id FROM conversation WHERE project_id = $1)
                """,
                [project, email]
            )
            return .membership(try await transaction.touch(project), left: email)
        }
    }
}

extension WriteTransaction {
    /// Notes that a project has changed, and reads it.
    fileprivate func touch(_ project: ProjectID) async throws -> Project {
        try await db.run("UPDATE project SET updated_at = $2 WHERE id = $1", [project, now])
        return try await db.project(project)
    }
}

extension Project {
    /// Refuses to leave the project without an owner.
    fileprivate func requireAnotherOwner(than email: EmailAddress) throws {
        guard members.contains(where: { $0.role == .owner && $0.email != email }) else {
            throw ParleyError.forbidden("A project keeps at least one owner.")
        }
    }
}
