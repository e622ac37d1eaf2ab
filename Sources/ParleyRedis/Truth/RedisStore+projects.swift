public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// The caller's personal project, made on first sight.
    public func personalProject(as identity: Identity) async throws -> Project {
        let key = RedisArgument.string(TruthKeys.person(identity.email))
        for _ in 0..<Self.attempts {
            var id = try await personalID(of: identity)
            if id == nil {
                let made: ProjectID = ids.make()
                guard try await send(["HSETNX", key, "personal", "\(made)"]).integer == 1 else { continue }
                id = made
            }
            guard let id else { continue }
            do {
                return try await stored(id, for: .read, as: identity).project
            } catch Refusal.missing {
                let now = clock.now()
                let project = Project(
                    id: id,
                    name: "Personal",
                    isPersonal: true,
                    members: [Member(email: identity.email, role: .owner)],
                    createdAt: now,
                    updatedAt: now
                )
                do {
                    try await create(StoredProject(project, fingerprint: nil), of: identity, at: now)
                    return project
                } catch Refusal.exists { continue }
            }
        }
        throw ParleyError.unavailable("Too many change the same thing.")
    }

    /// Makes a project with the caller as its owner.
    public func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project> {
        let now = clock.now()
        let fingerprint = Fingerprint(of: input)
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
        do {
            try await create(StoredProject(project, fingerprint: fingerprint), of: identity, at: now)
            return .membership(project, joined: identity.email)
        } catch Refusal.exists {
            let present = try await readProject(project.id, for: .read, as: identity)
            guard present.fingerprint == fingerprint else { throw ParleyError.idempotencyConflict }
            return .replay(present.project)
        }
    }

    /// A project the caller is a member of.
    public func project(_ id: ProjectID, as identity: Identity) async throws -> Project {
        try await readProject(id, for: .read, as: identity).project
    }

    /// The caller's projects, newest first.
    public func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project> {
        _ = try await personalProject(as: identity)
        return try await visibleProjects(to: identity).page(page) { ($0.updatedAt, $0.id) }
    }

    /// Changes a project's own fields.
    public func updateProject(
        _ id: ProjectID,
        _ changes: ProjectChanges,
        as identity: Identity
    ) async throws -> Project {
        try await changeProject(id, for: .administer, as: identity) { stored, batch, now in
            let before = stored.project
            if let name = changes.name { stored.project.name = name }
            if let description = changes.description { stored.project.description = description }
            if let persona = changes.persona { stored.project.persona = persona }
            if let retentionDays = changes.retentionDays { stored.project.retentionDays = retentionDays }
            let isSame =
                before.name.isExactly(stored.project.name) && before.description.isExactly(stored.project.description)
                && before.persona.isExactly(stored.project.persona)
                && before.retentionDays == stored.project.retentionDays
            guard !isSame else { return before }
            stored.project.updatedAt = now
            stored.write(to: &batch, isNew: false)
            return stored.project
        }
    }
}

extension RedisStore {
    /// A project as a caller may see it; ``Refusal`` where they may not.
    func stored(_ id: ProjectID, for access: Access, as identity: Identity?) async throws -> StoredProject {
        let arguments: [RedisArgument] = [
            .string(identity?.email.value ?? ""), .string(identity == nil ? "none" : access.rawValue),
        ]
        let answer = try await run(TruthScripts.project, in: id, arguments)
        do {
            return try StoredProject(id, answer)
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    /// The same with the errors that callers get.
    func readProject(_ id: ProjectID, for access: Access, as identity: Identity) async throws -> StoredProject {
        do {
            return try await stored(id, for: access, as: identity)
        } catch let refusal as Refusal {
            throw refusal.error(for: access)
        }
    }

    /// The id of the caller's personal project, where there is one.
    func personalID(of identity: Identity) async throws -> ProjectID? {
        try await send(["HGET", .string(TruthKeys.person(identity.email)), "personal"]).string.flatMap { ProjectID($0) }
    }

    /// The ids of projects that a person may be in.
    func projectIDs(of email: EmailAddress) async throws -> [ProjectID] {
        try await send(["SMEMBERS", .string(TruthKeys.projects(of: email))]).elements
            .compactMap { $0.string.flatMap { ProjectID($0) } }
            .sorted()
    }

    /// All projects the caller is a member of.
    func visibleProjects(to identity: Identity) async throws -> [Project] {
        let found = try await forEach(try await projectIDs(of: identity.email)) { [self] id -> Project? in
            do {
                return try await stored(id, for: .read, as: identity).project
            } catch Refusal.missing {
                return nil
            }
        }
        return found.compactMap(\.self)
    }

    /// Does something in each project that the caller may be in; those they are not in are left out.
    func inProjects<Value: Sendable>(
        of identity: Identity,
        _ body: @escaping @Sendable (ProjectID) async throws -> Value
    ) async throws -> [Value] {
        let found = try await forEach(try await projectIDs(of: identity.email)) { id -> Value? in
            do {
                return try await body(id)
            } catch Refusal.missing {
                return nil
            }
        }
        return found.compactMap(\.self)
    }

    /// Makes a project.
    ///
    /// ``Refusal/exists`` where there is one.
    private func create(_ stored: StoredProject, of identity: Identity, at now: Timestamp) async throws {
        let id = stored.project.id
        // What leads to it comes first, and is harmless where it leads nowhere.
        _ = try await send(["SADD", .string(TruthKeys.projects(of: identity.email)), "\(id)"])
        _ = try await send(["SADD", .string(TruthKeys.projects), "\(id)"])
        var batch = WriteBatch()
        stored.write(to: &batch, isNew: true)
        batch.command("HSET", ":members", [.string(identity.email.value), .string(Role.owner.rawValue)])
        let terms = CommitTerms(now: now, isNewProject: true, nextProjectTag: .random())
        try await commit(batch, in: id, terms)
    }

    /// Changes a project: reads it, works out what it becomes, and commits that if it is still as it was; else again.
    func changeProject<Value>(
        _ id: ProjectID,
        for access: Access,
        as identity: Identity,
        before: (StoredProject) async throws -> Void = { _ in },
        _ body: (inout StoredProject, inout WriteBatch, Timestamp) throws -> Value
    ) async throws -> Value {
        try await projectTurns.take(id) { try await attemptToChange(id, for: access, as: identity, before, body) }
    }

    private func attemptToChange<Value>(
        _ id: ProjectID,
        for access: Access,
        as identity: Identity,
        _ before: (StoredProject) async throws -> Void,
        _ body: (inout StoredProject, inout WriteBatch, Timestamp) throws -> Value
    ) async throws -> Value {
        for _ in 0..<Self.attempts {
            do {
                let now = clock.now()
                var stored = try await stored(id, for: access, as: identity)
                try await before(stored)
                let tag = stored.tag
                var batch = WriteBatch()
                let value = try body(&stored, &batch, now)
                guard !batch.isEmpty else { return value }
                let terms = CommitTerms(
                    email: identity.email,
                    access: access,
                    now: now,
                    projectTag: tag,
                    nextProjectTag: .random()
                )
                try await commit(batch, in: id, terms)
                return value
            } catch Refusal.lost {
                continue
            } catch let refusal as Refusal {
                throw refusal.error(for: access)
            }
        }
        throw ParleyError.unavailable("Too many change the same thing.")
    }
}

extension Sequence where Element: Sendable {
    /// One page of what is listed by time and id, both descending.
    func page<Entity>(
        _ request: PageRequest,
        by key: (Element) -> (time: Timestamp, id: ID<Entity>)
    ) -> Page<Element> {
        let sorted = sorted { key($0) > key($1) }
        let rest = sorted.drop { element in
            guard let after = request.after else { return false }
            return key(element) >= (after.time, after.id())
        }
        let elements = Array(rest.prefix(request.limit))
        let next = rest.count > elements.count ? elements.last.map { Cursor(time: key($0).time, id: key($0).id) } : nil
        return Page(elements: elements, next: next)
    }
}
