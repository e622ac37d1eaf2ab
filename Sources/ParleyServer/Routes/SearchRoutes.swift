import Hummingbird
import ParleyCore

/// `GET /api/search`.
struct SearchRoutes {
    private let store: any ConversationStore

    init(_ dependencies: ServerDependencies) {
        store = dependencies.store
    }

    func add(to api: RouterGroup<ServerContext>) {
        api.get("search", use: search)
    }

    @Sendable private func search(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        let query = Query(request)
        let project: ProjectID? = try query.reference("project_id")
        let (text, page) = try await store.checking(.read, to: project, as: identity) { () throws(ParleyError) in
            guard let text = query.text("q"), !text.isEmpty else { throw .invalid("q", "q is required.") }
            return (try Self.query(text), try query.page())
        }
        // Text without a letter or digit is a fair question with no answer.
        guard let text else { return .json { $0.emptyPage("results") } }
        let hits = try await store.search(text, in: project, page: page, as: identity)
        return .json(capacity: 16_384) { $0.page("results", hits) { $0.hit($1) } }
    }

    /// A query as it was typed; `nil` where nothing in it can be looked for.
    static func query(_ text: String) throws(ParleyError) -> SearchQuery? {
        guard text.utf8.count <= Limits.searchQueryBytes else {
            throw .invalid("q", "q is longer than \(Limits.searchQueryBytes) bytes.")
        }
        return SearchQuery(text)
    }
}
