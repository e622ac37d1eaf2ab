import ParleyCore

/// One call of a script, that can be made to any store.
struct StoreOperation: CustomStringConvertible {
    /// What it is, for the one who has to find out why two stores differ.
    let description: String
    /// Makes the call, takes note of what came up, and returns what there is to compare.
    let run: (inout ScriptedStore) async throws -> String

    /// A read, or a write whose value is all there is.
    init(_ description: String, _ run: @escaping (inout ScriptedStore) async throws -> String) {
        self.description = description
        self.run = run
    }

    /// A write with its changes.
    static func commit<Value>(
        _ description: String,
        _ call: @escaping (ScriptedStore) async throws -> Commit<Value>
    ) -> StoreOperation {
        StoreOperation(description) { store in
            let commit = try await call(store)
            store.learn(commit.changes)
            if let turn = commit.value as? Turn, let lease = turn.lease { store.learn(lease) }
            if let project = commit.value as? Project { store.learn(project) }
            // A store may leave previews out of what it answers to writes.
            return "\(commit.isReplay) \(withoutPreview(commit.value)) \(commit.changes.map(withoutPreview))"
        }
    }

    private static func withoutPreview(_ value: Any) -> Any {
        switch value {
        case var conversation as Conversation:
            conversation.preview = nil
            return conversation
        case var turn as Turn:
            turn.conversation.preview = nil
            return turn
        default: return value
        }
    }

    private static func withoutPreview(_ change: Change) -> Any {
        switch change {
        case .conversationCreated(let conversation): return ("created", withoutPreview(conversation))
        case .conversationUpdated(let conversation): return ("updated", withoutPreview(conversation))
        case .conversationDeleted(let conversation): return ("deleted", withoutPreview(conversation))
        case .messageAppended, .messageUpdated: return change
        }
    }
}
