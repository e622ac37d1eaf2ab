import Hummingbird
import ParleyCore

/// The list of conversations, under its own name and its legacy one.
struct ConversationList {
    let store: any ConversationStore

    func answer(_ query: Query, project: ProjectID?, as identity: Identity) async throws -> Response {
        let (status, page) = try await store.checking(.read, to: project, as: identity) { () throws(ParleyError) in
            (try query.choice("status", of: ConversationStatus.self), try query.page())
        }
        var filter = ConversationFilter(projectID: project, status: status)
        if let text = query.text("q"), !text.isEmpty {
            guard let titles = try SearchRoutes.query(text) else { return .json { $0.emptyPage("conversations") } }
            filter.query = titles
        }
        let conversations = try await store.conversations(filter, page: page, as: identity)
        return .json(capacity: 16_384) { $0.page("conversations", conversations) { $0.conversation($1) } }
    }
}

extension JSONWriter {
    /// A list with nothing in it.
    mutating func emptyPage(_ name: StaticString) {
        object { writer in
            writer.name(name)
            writer.array { _ in }
        }
    }
}
