public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Adds a member or changes their role.
    public func setMember(
        _ email: EmailAddress,
        role: Role,
        in project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        let commit = try await changeProject(
            project,
            for: .administer,
            as: identity,
            before: { [self] stored in
                // What leads there comes first; who can't be added is led to where they see nothing.
                if stored.project.role(of: email) == nil, !stored.project.isPersonal {
                    try await lead(email, to: project)
                }
            },
            { stored, batch, now in
                guard !stored.project.isPersonal else { throw ParleyError.personalProject }
                let present = stored.project.role(of: email)
                guard present != role else { return Commit(stored.project, changes: []) }
                if role != .owner { try stored.project.requireAnotherOwner(than: email) }
                stored.project.members.removeAll { $0.email == email }
                guard stored.project.members.count < Limits.membersPerProject else {
                    throw ParleyError(.conflict, "A project has at most \(Limits.membersPerProject) members.")
                }
                stored.project.members.append(Member(email: email, role: role))
                stored.project.members.sort { $0.email < $1.email }
                stored.project.updatedAt = now
                stored.write(to: &batch, isNew: false)
                batch.command("HSET", ":members", [.string(email.value), .string(role.rawValue)])
                return Commit.membership(stored.project, joined: present == nil ? email : nil)
            }
        )
        // Once more: somebody who removed the person at the same time may have taken it away.
        if !commit.notices.isEmpty { try await lead(email, to: project) }
        return commit
    }

    /// Removes a member, and their drafts and read marks in the project's conversations.
    public func removeMember(
        _ email: EmailAddress,
        from project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        let access: Access = email == identity.email ? .read : .administer
        // Of somebody who isn't there everybody hears the same.
        let present = try await readProject(project, for: .read, as: identity).project
        guard present.role(of: email) != nil else { throw ParleyError.notFound }
        let commit = try await changeProject(project, for: access, as: identity) { stored, batch, now in
            guard stored.project.role(of: email) != nil else { throw ParleyError.notFound }
            try stored.project.requireAnotherOwner(than: email)
            stored.project.members.removeAll { $0.email == email }
            stored.project.updatedAt = now
            stored.write(to: &batch, isNew: false)
            batch.command("HDEL", ":members", [.string(email.value)])
            batch.add(["forget", .string(email.value)])
            return Commit.membership(stored.project, left: email)
        }
        try await unlead(email, from: project)
        return commit
    }

    /// Notes that a person may be in a project.
    func lead(_ email: EmailAddress, to project: ProjectID) async throws {
        _ = try await send(["SADD", .string(TruthKeys.projects(of: email)), "\(project)"])
    }

    /// Takes that note away, unless the person has become a member again meanwhile.
    func unlead(_ email: EmailAddress, from project: ProjectID) async throws {
        _ = try await send(["SREM", .string(TruthKeys.projects(of: email)), "\(project)"])
        let role = try await send(["HGET", .string(TruthKeys.project(project) + ":members"), .string(email.value)])
        if !role.isNull { try await lead(email, to: project) }
    }
}

extension Project {
    /// Refuses to leave the project without an owner.
    func requireAnotherOwner(than email: EmailAddress) throws {
        guard members.contains(where: { $0.role == .owner && $0.email != email }) else {
            throw ParleyError.forbidden("A project keeps at least one owner.")
        }
    }
}

extension ParleyError {
    static let personalProject = forbidden("A personal project can't be shared or deleted.")
}
