internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// Adds a member or changes their role.
    public func setMember(
        _ email: EmailAddress,
        role: Role,
        in project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        try await write { transaction in
            let before = try transaction.db.sharedProject(project, as: identity)
            let present = before.role(of: email)
            if present == role { return Commit(before, changes: []) }
            if role != .owner { try before.requireAnotherOwner(than: email) }
            guard present != nil || before.members.count < Limits.membersPerProject else {
                throw ParleyError(.conflict, "A project has at most \(Limits.membersPerProject) members.")
            }
            try transaction.db.run(
                """
                INSERT INTO project_member (project_id, email, role) VALUES (?, ?, ?)
                ON CONFLICT (project_id, email) DO UPDATE SET role = excluded.role
                """,
                [project, email, role]
            )
            return .membership(try transaction.touch(project), joined: present == nil ? email : nil)
        }
    }

    /// Removes a member, and their drafts and read marks in the project's conversations.
    public func removeMember(
        _ email: EmailAddress,
        from project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        try await write { transaction in
            let db = transaction.db
            let before = try db.project(project, for: .read, as: identity)
            guard before.role(of: email) != nil else { throw ParleyError.notFound }
            if email != identity.email { try db.requireProject(project, for: .administer, as: identity) }
            try before.requireAnotherOwner(than: email)
            try db.run("DELETE FROM project_member WHERE project_id = ? AND email = ?", [project, email])
            try db.run(
                """
                DELETE FROM draft WHERE email = ?2
                AND conversation_id IN (SELECT id FROM conversation WHERE project_id = ?1)
                """,
                [project, email]
            )
            try db.run(
                """
                DELETE FROM read_mark WHERE email = ?2
                AND conversation_id IN (SELECT id FROM conversation WHERE project_id = ?1)
                """,
                [project, email]
            )
            return .membership(try transaction.touch(project), left: email)
        }
    }
}

extension WriteTransaction {
    /// Notes that a project has changed, and reads it.
    fileprivate func touch(_ project: ProjectID) throws -> Project {
        try db.run("UPDATE project SET updated_at = ? WHERE id = ?", [now, project])
        return try db.project(project)
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
