public import ParleyCore
import RedisWire

/// What the bus looks up: things as they are now, for subscribers who may see them.
extension RedisStore: ChangeSource {
    /// A message as it is now; `nil` where it is gone.
    public func message(_ id: MessageID, in conversation: ConversationID) async throws -> Message? {
        guard let view = try await present(conversation, .ids([id])) else { return nil }
        return view.entry(id).map(view.message)
    }

    /// A conversation as it is now; `nil` where it is gone.
    public func conversation(_ id: ConversationID) async throws -> Conversation? {
        try await present(id, .none)?.conversation
    }

    private func present(_ id: ConversationID, _ part: SessionView.Part) async throws -> SessionView? {
        let now = clock.now()
        do {
            return try await inProject(of: id, for: .read) { project in
                try await view(id, in: project, part, flags: "p", as: nil, at: now)
            }
        } catch let error as ParleyError where error.code == .notFound {
            return nil
        }
    }
}
