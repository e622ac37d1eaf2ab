import HTTPTypes
import Hummingbird
import ParleyCore

/// How far the caller has read conversations: their own marks, the same on every device.
struct ReadRoutes {
    let store: any ConversationStore

    func add(to api: RouterGroup<ServerContext>) {
        api.put("conversations/:id/read", use: set)
        api.get("read-marks", use: list)
    }

    @Sendable private func set(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.conversationID, context.identity)
        let body = try await request.jsonBody(in: context)
        let seq = try await store.checking(.read, to: id, as: identity) { () throws(ParleyError) in
            let seq = try body.requiredInteger("seq")
            guard seq >= 0 else { throw .invalid("seq", "seq must not be negative.") }
            return seq
        }
        let mark = try await store.setReadMark(seq, in: id, as: identity).value
        return .json { $0.readMark(mark) }
    }

    @Sendable private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        let ids = try Query(request).references("conversation_id", most: Limits.pageSizes.upperBound)
        let marks = try await store.readMarks(of: ids, as: identity)
        return .json(capacity: 128 * marks.count + 64) { writer in
            writer.object { writer in
                writer.name("read_marks")
                writer.array { writer in
                    for mark in marks { writer.readMark(mark) }
                }
            }
        }
    }
}

extension Query {
    /// Ids of things that should exist, with commas between: what is no id names nothing.
    fileprivate func references(_ name: String, most: Int) throws(ParleyError) -> [ConversationID] {
        guard let text = text(name) else { throw .invalid(name, "\(name) is required: ids with commas between.") }
        let words = text.split(separator: ",")
        guard words.count <= most else { throw .invalid(name, "\(name) takes at most \(most) ids.") }
        return words.compactMap { ConversationID($0) }
    }
}

extension JSONWriter {
    /// How far a conversation was read.
    fileprivate mutating func readMark(_ mark: ReadMark) {
        object {
            $0.member("conversation_id", mark.conversationID)
            $0.member("seq", mark.seq)
        }
    }
}
