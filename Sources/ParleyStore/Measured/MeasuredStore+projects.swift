public import ParleyCore

extension MeasuredStore {
    /// `personalProject`, measured.
    public func personalProject(as identity: Identity) async throws -> Project {
        try await measure(.personalProject) { try await base.personalProject(as: identity) }
    }

    /// `project`, measured.
    public func project(_ id: ProjectID, as identity: Identity) async throws -> Project {
        try await measure(.project) { try await base.project(id, as: identity) }
    }

    /// `projects`, measured.
    public func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project> {
        try await measure(.projects) { try await base.projects(page: page, as: identity) }
    }

    /// `updateProject`, measured.
    public func updateProject(
        _ id: ProjectID,
        _ changes: ProjectChanges,
        as identity: Identity
    ) async throws -> Project {
        try await measure(.updateProject) { try await base.updateProject(id, changes, as: identity) }
    }

    /// `setMember`, measured.
    public func setMember(
        _ email: EmailAddress,
        role: Role,
        in project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        try await measure(.setMember) { try await base.setMember(email, role: role, in: project, as: identity) }
    }

    /// `removeMember`, measured.
    public func removeMember(
        _ email: EmailAddress,
        from project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project> {
        try await measure(.removeMember) { try await base.removeMember(email, from: project, as: identity) }
    }

    /// `createProject`, measured.
    public func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project> {
        try await measure(.createProject) { try await base.createProject(input, as: identity) }
    }

    /// `deleteProject`, measured.
    public func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void> {
        try await measure(.deleteProject) { try await base.deleteProject(id, as: identity) }
    }
}
