import Hummingbird
import ParleyCore

/// The list of conversations, under its own name and its legacy one.
struct ConversationList {
    let store: any ConversationStore

    func answer(_ query: Query, project: ProjectID?, as identity: Identity) async throws -> Response {
        let text = query.text("q").flatMap { $0.isEmpty ? nil : $0 }
        let (status, isPinned, titles, page) = try await store.checking(.read, to: project, as: identity) {
            () throws(ParleyError) in
            (
                try query.choice("status", of: ConversationStatus.self), try query.bool("pinned"),
                try text.flatMap { text throws(ParleyError) in try SearchRoutes.query(text) }, try query.page()
            )
        }
        // Text without a letter or digit is a fair question with no answer.
        guard text == nil || titles != nil else { return .json { $0.emptyPage("conversations") } }
        let filter = ConversationFilter(projectID: project, status: status, query: titles, isPinned: isPinned)
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
