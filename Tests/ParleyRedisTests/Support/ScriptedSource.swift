import ParleyCore
import Synchronization

/// Finds what a test has put there.
final class ScriptedSource: ChangeSource {
    private struct State {
        var messages: [MessageID: Message] = [:]
        var failing: Set<MessageID> = []
    }

    private let state = Mutex(State())

    func put(_ message: Message) { state.withLock { $0.messages[message.id] = message } }

    func fail(_ id: MessageID) { state.withLock { _ = $0.failing.insert(id) } }

    func message(_ id: MessageID, in conversation: ConversationID) async throws -> Message? {
        try state.withLock { state in
            guard !state.failing.contains(id) else { throw ParleyError.unavailable("The store is away.") }
            return state.messages[id]
        }
    }

    func conversation(_ id: ConversationID) async throws -> Conversation? { nil }
}
