public import ParleyCore

extension MemoryStore {
    /// The caller's personal project, made on first sight.
    public func personalProject(as identity: Identity) throws -> Project {
        write { state, now in state.personalProject(of: identity, ids: ids, at: now) }
    }

    /// Makes a project with the caller as its owner.
    public func createProject(_ input: NewProject, as identity: Identity) throws -> Commit<Project> {
        try write { state, now in
            let fingerprint = Fingerprint(of: input)
            if let id = input.id, state.projects[id] != nil {
                let stored = try state.project(id, for: .read, as: identity)
                guard stored.fingerprint == fingerprint else { throw ParleyError.idempotencyConflict }
                return .replay(stored.project)
            }
            let project = Project(
                id: input.id ?? ids.make(),
                name: input.name,
                description: input.description,
                persona: input.persona,
                retentionDays: input.retentionDays,
                isPersonal: false,
                members: [Member(email: identity.email, role: .owner)],
                createdAt: now,
                updatedAt: now
            )
            state.projects[project.id] = StoredProject(project: project, fingerprint: fingerprint)
            return .membership(project, joined: identity.email)
        }
    }

    /// A project the caller is a member of.
    public func project(_ id: ProjectID, as identity: Identity) throws -> Project {
        try read { state, _ in try state.project(id, for: .read, as: identity).project }
    }

    /// The caller's projects, newest first.
    public func projects(page: PageRequest, as identity: Identity) throws -> Page<Project> {
        write { state, now in
            _ = state.personalProject(of: identity, ids: ids, at: now)
            return state.projects.values.map(\.project)
                .filter { $0.role(of: identity.email) != nil }
                .page(page) { ($0.updatedAt, $0.id) }
        }
    }

    /// Changes a project's own fields.
    public func updateProject(
        _ id: ProjectID,
        _ changes: ProjectChanges,
        as identity: Identity
    ) throws -> Project {
        try write { state, now in
            var stored = try state.project(id, for: .administer, as: identity)
            let before = stored.project
            if let name = changes.name { stored.project.name = name }
            if let description = changes.description { stored.project.description = description }
            if let persona = changes.persona { stored.project.persona = persona }
            if let days = changes.retentionDays { stored.project.retentionDays = days }
            guard !stored.project.hasExactly(fieldsOf: before) else { return before }
            stored.project.updatedAt = now
            state.projects[id] = stored
            return stored.project
        }
    }

    /// Deletes a project and all its conversations.
    public func deleteProject(_ id: ProjectID, as identity: Identity) throws -> Commit<Void> {
        try write { state, now in
            let stored = try state.project(id, for: .administer, as: identity)
            guard !stored.project.isPersonal else { throw ParleyError.personalProject }
            let conversations = state.conversations.values.filter { $0.fields.projectID == id }
                .sorted { $0.fields.id < $1.fields.id }
            let changes = conversations.map { state.delete($0, at: now) }
            state.projects[id] = nil
            return Commit((), changes: changes, notices: [.projectDeleted(id)])
        }
    }

    /// Adds a member or changes their role.
    public func setMember(
        _ email: EmailAddress,
        role: Role,
        in project: ProjectID,
        as identity: Identity
    ) throws -> Commit<Project> {
        try write { state, now in
            var stored = try state.project(project, for: .administer, as: identity)
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
            state.projects[project] = stored
            return .membership(stored.project, joined: present == nil ? email : nil)
        }
    }

    /// Removes a member, and their drafts and read marks in the project's conversations.
    public func removeMember(
        _ email: EmailAddress,
        from project: ProjectID,
        as identity: Identity
    ) throws -> Commit<Project> {
        try write { state, now in
            var stored = try state.project(project, for: .read, as: identity)
            guard stored.project.role(of: email) != nil else { throw ParleyError.notFound }
            if email != identity.email { _ = try state.project(project, for: .administer, as: identity) }
            try stored.project.requireAnotherOwner(than: email)
            stored.project.members.removeAll { $0.email == email }
            stored.project.updatedAt = now
            state.projects[project] = stored
            let inProject = state.conversations.values.filter { $0.fields.projectID == project }
            for conversation in inProject {
                state.drafts[MemoryState.DraftKey(email: email, conversation: conversation.fields.id)] = nil
                state.readMarks[conversation.fields.id]?[email] = nil
            }
            return .membership(stored.project, left: email)
        }
    }
}

extension MemoryState {
    /// The caller's personal project, made where it is missing.
    mutating func personalProject(of identity: Identity, ids: any IDMaker, at now: Timestamp) -> Project {
        if let id = personalProjects[identity.email], let stored = projects[id] { return stored.project }
        let project = Project(
            id: ids.make(),
            name: "Personal",
            isPersonal: true,
            members: [Member(email: identity.email, role: .owner)],
            createdAt: now,
            updatedAt: now
        )
        projects[project.id] = StoredProject(project: project, fingerprint: nil)
        personalProjects[identity.email] = project.id
        return project
    }
}

extension Project {
    /// Whether the fields that a person sets are the same, byte by byte.
    fileprivate func hasExactly(fieldsOf other: Project) -> Bool {
        name.isExactly(other.name) && description.isExactly(other.description) && persona.isExactly(other.persona)
            && retentionDays == other.retentionDays
    }

    /// Refuses to leave the project without an owner.
    fileprivate func requireAnotherOwner(than email: EmailAddress) throws {
        guard members.contains(where: { $0.role == .owner && $0.email != email }) else {
            throw ParleyError.forbidden("A project keeps at least one owner.")
        }
    }
}

extension ParleyError {
    fileprivate static let personalProject = forbidden("A personal project can't be shared or deleted.")
}
