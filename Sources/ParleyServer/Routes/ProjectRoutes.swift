import HTTPTypes
import Hummingbird
import ParleyCore
import ParleyLive

/// `/api/projects`: projects and their members.
struct ProjectRoutes {
    private let store: any ConversationStore
    private let live: LiveHub?

    init(_ dependencies: ServerDependencies) {
        store = dependencies.store
        live = dependencies.live
    }

    func add(to api: RouterGroup<ServerContext>) {
        let projects = api.group("projects")
        projects.get(use: list)
        projects.post(use: create)
        projects.get(":id", use: read)
        projects.patch(":id", use: update)
        projects.delete(":id", use: delete)
        projects.get(":id/sessions", use: sessions)
        projects.put(":id/members/:email", use: setMember)
        projects.delete(":id/members/:email", use: removeMember)
    }

    @Sendable private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        let projects = try await store.projects(page: Query(request).page(), as: context.identity)
        return .json { $0.page("projects", projects) { $0.project($1) } }
    }

    @Sendable private func create(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try await request.jsonBody(in: context)
        let input = NewProject(
            id: try body.newID(),
            name: try Rules.projectName(try body.requiredString("name")),
            description: try body.string("description").flatMap { text throws(ParleyError) in
                try Rules.description(text)
            },
            persona: try body.string("persona").map { text throws(ParleyError) in try Rules.persona(text) },
            retentionDays: try body.integer("retention_days").map { days throws(ParleyError) in
                try Rules.retentionDays(days)
            }
        )
        let commit = try await store.createProject(input, as: context.identity)
        await live?.settleProjects(of: try context.identity.email)
        return .created(commit) { $0.project(commit.value) }
    }

    @Sendable private func read(_ request: Request, _ context: ServerContext) async throws -> Response {
        let project = try await store.project(context.projectID, as: context.identity)
        return .json { $0.project(project) }
    }

    @Sendable private func update(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.projectID, context.identity)
        let body = try await request.jsonBody(in: context)
        let changes = try await store.checking(.administer, to: id, as: identity) { () throws(ParleyError) in
            ProjectChanges(
                name: try body.string("name").map { text throws(ParleyError) in try Rules.projectName(text) },
                description: try body.clearable("description", Rules.description),
                persona: try body.clearable("persona") { text throws(ParleyError) in try Rules.persona(text) },
                retentionDays: try body.clearableInteger("retention_days", Rules.retentionDays)
            )
        }
        let project = try await store.updateProject(id, changes, as: identity)
        return .json { $0.project(project) }
    }

    @Sendable private func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
        _ = try await store.deleteProject(context.projectID, as: context.identity)
        return .success
    }

    /// The legacy name of `GET /conversations?project_id=`.
    @Sendable private func sessions(_ request: Request, _ context: ServerContext) async throws -> Response {
        try await ConversationList(store: store)
            .answer(Query(request), project: context.projectID, as: context.identity)
    }

    @Sendable private func setMember(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.projectID, context.identity)
        let body = try await request.jsonBody(in: context)
        let text = try context.pathText("email")
        let (email, role) = try await store.checking(.administer, to: id, as: identity) { () throws(ParleyError) in
            guard let email = EmailAddress(text) else { throw .invalid("email", "email must be an e-mail address.") }
            let role: Role = try body.requiredChoice("role")
            return (email, role)
        }
        let project = try await store.setMember(email, role: role, in: id, as: identity).value
        await live?.settleProjects(of: email)
        return .json { $0.project(project) }
    }

    @Sendable private func removeMember(_ request: Request, _ context: ServerContext) async throws -> Response {
        let id = try context.projectID
        // What is no address is nobody's, so it is answered like someone who is not a member.
        guard let email = EmailAddress(try context.pathText("email")) else { throw ParleyError.notFound }
        let project = try await store.removeMember(email, from: id, as: context.identity).value
        return .json { $0.project(project) }
    }
}

extension ServerContext {
    /// The project in the path.
    var projectID: ProjectID {
        get throws { try pathID("id") }
    }
}
