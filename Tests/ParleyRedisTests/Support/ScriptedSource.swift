import ParleyCore
import Synchronization

/// Finds what a test has put there.
final class ScriptedSource: ChangeSource {
    private struct State {
        var messages: [MessageID: Message] = [:]
        var failing: Set<MessageID> = []
        var held: [AsyncStream<Never>.Continuation]?
    }

    private let state = Mutex(State())

    func put(_ message: Message) { state.withLock { $0.messages[message.id] = message } }

    func fail(_ id: MessageID) { state.withLock { _ = $0.failing.insert(id) } }

    /// Makes everybody wait from now on, until ``letGo()``.
    func hold() { state.withLock { $0.held = [] } }

    func letGo() {
        let held = state.withLock { state in
            defer { state.held = nil }
            return state.held ?? []
        }
        for waiter in held { waiter.finish() }
    }

    /// How many wait.
    var waiting: Int { state.withLock { $0.held?.count ?? 0 } }

    func message(_ id: MessageID, in conversation: ConversationID) async throws -> Message? {
        let turn = state.withLock { state -> AsyncStream<Never>? in
            guard state.held != nil else { return nil }
            let (turn, end) = AsyncStream.makeStream(of: Never.self)
            state.held?.append(end)
            return turn
        }
        if let turn { for await _ in turn {} }
        return try state.withLock { state in
            guard !state.failing.contains(id) else { throw ParleyError.unavailable("The store is away.") }
            return state.messages[id]
        }
    }

    func conversation(_ id: ConversationID) async throws -> Conversation? { nil }
}
