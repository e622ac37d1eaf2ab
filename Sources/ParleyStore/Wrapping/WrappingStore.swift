public import ParleyCore

/// A store that stands around another and does something with what that has committed.
///
/// Everything goes on to the other store, unless the wrapper says otherwise; every commit comes through
/// ``settled(_:)`` before it is handed out. So a new method of the port is forwarded in one place.
public protocol WrappingStore: ConversationStore {
    /// The store inside.
    var wrapped: any ConversationStore { get }

    /// Takes note of what was committed, and hands it on.
    func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value>
}
