import ParleyCore
import Synchronization

/// What one instance knows of logs: ready copies, each of one version, and which logs are long.
///
/// Nothing in here is used without the truth's word for it: a copy only where its tag is the present one, a length only to
/// choose the shorter way.
final class LocalLogs: Sendable {
    private struct State {
        var copies: Generations<ConversationID, (tag: LogTag, log: EncodedLog)>
        var long = Generations<ConversationID, Void>(capacity: 20_000)
    }

    private let state: Mutex<State>

    init(bytes: Int) {
        state = Mutex(State(copies: Generations(capacity: bytes)))
    }

    /// A copy, and of which version it is.
    func copy(of conversation: ConversationID) -> (tag: LogTag, log: EncodedLog)? {
        state.withLock { $0.copies.value(of: conversation) }
    }

    /// Keeps a copy in place of any other.
    func keep(_ log: EncodedLog, of conversation: ConversationID, tag: LogTag) {
        state.withLock { $0.copies.put((tag, log), of: conversation, cost: log.cost) }
    }

    /// Brings a copy from the version before an append to the one after it; any other copy stays as it is.
    func append(
        _ messages: [[UInt8]],
        to conversation: ConversationID,
        from before: LogTag,
        to after: LogTag,
        limit: Int
    ) {
        state.withLock { state in
            guard let copy = state.copies.value(of: conversation), copy.tag == before else { return }
            let log = copy.log.appending(messages, limit: limit)
            state.copies.put((after, log), of: conversation, cost: log.cost)
        }
    }

    /// Forgets a copy.
    func remove(_ conversation: ConversationID) {
        state.withLock { $0.copies.remove(conversation) }
    }

    /// Whether a log was longer than what is kept of it, when it was last read; logs don't get shorter.
    func isLong(_ conversation: ConversationID) -> Bool {
        state.withLock { $0.long.value(of: conversation) != nil }
    }

    /// Takes note of that.
    func noteLong(_ conversation: ConversationID) {
        state.withLock { $0.long.put((), of: conversation, cost: 1) }
    }
}

extension EncodedLog {
    /// The bytes, and about what the places and the table take beside them.
    fileprivate var cost: Int { bytes.count + messages.count * 16 + 160 }
}
