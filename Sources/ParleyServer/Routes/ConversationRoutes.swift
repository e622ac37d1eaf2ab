import HTTPTypes
import Hummingbird
import ParleyCore

/// `/api/conversations`: the conversations themselves, forks, changes and drafts.
struct ConversationRoutes {
    private let dependencies: ServerDependencies
    private var store: any ConversationStore { dependencies.store }

    init(_ dependencies: ServerDependencies) {
        self.dependencies = dependencies
    }

    func add(to api: RouterGroup<ServerContext>) {
        let conversations = api.group("conversations")
        conversations.get(use: list)
        conversations.post(use: create)
        conversations.get(":id", use: read)
        conversations.patch(":id", use: update)
        conversations.delete(":id", use: delete)
        conversations.post(":id/fork", use: fork)
        conversations.get(":id/changes", use: changes)
        conversations.get(":id/draft", use: draft)
        conversations.put(":id/draft", use: setDraft)
    }

    @Sendable private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        let query = Query(request)
        let project: ProjectID? = try query.reference("project_id")
        return try await ConversationList(store: store).answer(query, project: project, as: context.identity)
    }

    @Sendable private func create(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        let body = try await request.jsonBody(in: context)
        let project: ProjectID? = try body.reference("project_id")
        let input = try await store.checking(.write, to: project, as: identity) { () throws(ParleyError) in
            NewConversation(
                id: try body.newID(),
                title: try body.string("title").map { text throws(ParleyError) in try Rules.title(text) },
                description: try body.string("description").flatMap { text throws(ParleyError) in
                    try Rules.description(text)
                },
                projectID: project,
                metadata: try Rules.metadata(try body.object("metadata") ?? JSONObject())
            )
        }
        try await dependencies.spend(.newConversations, of: identity, at: request.clientAddress(in: context))
        let commit = try await store.createConversation(input, as: identity)
        return .created(commit) { $0.conversation(commit.value) }
    }

    @Sendable private func read(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.conversationID, context.identity)
        let query = Query(request)
        let (limit, rendering) = try await store.checking(.read, to: id, as: identity) { () throws(ParleyError) in
            (try query.limit(), try query.rendering())
        }
        let (conversation, page) = try await store.conversation(id, newestMessages: limit, as: identity)
        let rendered = await RenderedMessages(of: page.messages, rendering, in: dependencies.rendering)
        return .json(capacity: page.wireBytes + rendered.wireBytes) { writer in
            writer.object { writer in
                writer.members(of: conversation)
                writer.messages(page.messages, rendered)
                writer.member("has_more", page.hasMore)
            }
        }
    }

    @Sendable private func update(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.conversationID, context.identity)
        let body = try await request.jsonBody(in: context)
        let target: ProjectID? = try body.reference("project_id")
        let (changes, expected) = try await store.checking(.write, to: id, and: target, as: identity) {
            () throws(ParleyError) in
            (try ConversationChanges(body, target: target), try body.expectedRevision())
        }
        let commit = try await store.tellingMissed(since: expected, in: id, as: identity) {
            try await store.updateConversation(id, changes, expectedRevision: expected, as: identity)
        }
        return .json { $0.conversation(commit.value) }
    }

    @Sendable private func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.conversationID, context.identity)
        let query = Query(request)
        let expected = try await store.checking(.write, to: id, as: identity) { () throws(ParleyError) in
            try query.expectedRevision()
        }
        _ = try await store.tellingMissed(since: expected, in: id, as: identity) {
            try await store.deleteConversation(id, expectedRevision: expected, as: identity)
        }
        return .success
    }

    @Sendable private func fork(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.conversationID, context.identity)
        let body = try await request.jsonBody(in: context)
        let input = try await store.checking(.write, to: id, as: identity) { () throws(ParleyError) in
            ForkRequest(
                seq: try body.requiredInteger("seq"),
                id: try body.newID(),
                title: try body.string("title").map { text throws(ParleyError) in try Rules.title(text) },
                expectedRevision: try body.expectedRevision()
            )
        }
        try await dependencies.spend(.newConversations, of: identity, at: request.clientAddress(in: context))
        let commit = try await store.tellingMissed(since: input.expectedRevision, in: id, as: identity) {
            try await store.forkConversation(id, input, as: identity)
        }
        return .created(commit) { $0.conversation(commit.value) }
    }

    @Sendable private func changes(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.conversationID, context.identity)
        let query = Query(request)
        let (since, limit, rendering) = try await store.checking(.read, to: id, as: identity) {
            () throws(ParleyError) in
            (try query.integer("since_revision", in: 0...Int.max) ?? 0, try query.limit(), try query.rendering())
        }
        let page = try await store.changes(in: id, since: since, limit: limit, as: identity)
        let rendered = await RenderedMessages(of: page.messages, rendering, in: dependencies.rendering)
        return .json(capacity: page.wireBytes + rendered.wireBytes) { $0.changes(page, rendered) }
    }

    @Sendable private func draft(_ request: Request, _ context: ServerContext) async throws -> Response {
        let draft = try await store.draft(in: try context.draftConversationID, as: context.identity)
        return .json { $0.draft(draft) }
    }

    @Sendable private func setDraft(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.draftConversationID, context.identity)
        let body = try await request.jsonBody(in: context)
        let fields = { () throws(ParleyError) -> String in
            let text = try body.requiredString("text")
            try Rules.draft(text)
            return text
        }
        let text = if let id { try await store.checking(.write, to: id, as: identity, fields) } else { try fields() }
        let draft = try await store.setDraft(text, in: id, as: identity)
        return .json { $0.draft(draft) }
    }
}

extension ServerContext {
    /// The conversation in the path.
    var conversationID: ConversationID {
        get throws { try pathID("id") }
    }

    /// The conversation of a draft; `new` stands for the one not yet made.
    fileprivate var draftConversationID: ConversationID? {
        get throws { parameters.get("id") == "new" ? nil : try conversationID }
    }
}

extension ConversationChanges {
    /// Reads what changes; `title`, `status`, `pinned`, `metadata` and `project_id` can't be cleared, so `null` leaves them.
    fileprivate init(_ body: Fields, target: ProjectID?) throws(ParleyError) {
        self.init(
            title: try body.string("title").map { text throws(ParleyError) in try Rules.title(text) },
            description: try body.clearable("description", Rules.description),
            status: try body.choice("status"),
            isPinned: try body.bool("pinned"),
            metadata: try body.object("metadata").map { object throws(ParleyError) in try Rules.metadata(object) },
            projectID: target
        )
    }
}

extension MessagePage {
    /// About how many bytes the page takes on the wire.
    var wireBytes: Int { messages.reduce(1024) { $0 + $1.wireBytes } }
}
