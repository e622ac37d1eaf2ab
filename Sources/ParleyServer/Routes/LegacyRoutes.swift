import Hummingbird
import ParleyCore

/// `GET /api/chat/history/{project_id}`: what clients of the old world read.
struct LegacyRoutes {
    private let store: any ConversationStore

    init(_ dependencies: ServerDependencies) {
        store = dependencies.store
    }

    func add(to api: RouterGroup<ServerContext>) {
        api.get("chat/history/:id", use: history)
    }

    @Sendable private func history(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        let query = Query(request)
        let project = try await store.project(context.projectID, as: identity)
        let limit = try query.limit()
        let messages =
            if let session: ConversationID = try query.reference("session_id") ?? query.reference("conversation_id") {
                try await newest(limit, of: session, in: project.id, as: identity)
            } else {
                try await store.newestMessages(in: project.id, limit: limit, as: identity)
            }
        return .json(capacity: messages.reduce(64) { $0 + $1.wireBytes }) { writer in
            writer.array { writer in
                for message in messages { writer.legacyMessage(message, of: project) }
            }
        }
    }

    /// The newest messages of a session, without deleted ones, which the old world does not know.
    private func newest(
        _ limit: Int,
        of session: ConversationID,
        in project: ProjectID,
        as identity: Identity
    ) async throws -> [Message] {
        var (conversation, page) = try await store.conversation(session, newestMessages: limit, as: identity)
        guard conversation.projectID == project else { throw ParleyError.notFound }
        var messages = page.messages.filter { $0.status != .deleted }
        while messages.count < limit, page.hasMore, let first = page.messages.first {
            page = try await store.messages(in: session, .before(first.seq), limit: limit, as: identity)
            messages = page.messages.filter { $0.status != .deleted } + messages
        }
        return messages.suffix(limit)
    }
}

extension JSONWriter {
    /// A message as the old world's clients know it, where the persona `ai_pm` answered under its own name.
    fileprivate mutating func legacyMessage(_ message: Message, of project: Project) {
        let persona = "ai_pm"
        object { writer in
            writer.member("id", message.id)
            writer.member("project_id", message.projectID)
            writer.member("session_id", message.conversationID)
            writer.member(
                "role",
                message.role == .assistant && project.persona == persona ? persona : message.role.rawValue
            )
            writer.member("content", message.content)
            writer.member("timestamp", message.createdAt)
            writer.member("metadata", message.metadata)
            writer.name("ai_response")
            writer.value(message.aiResponse ?? .null)
        }
    }
}
