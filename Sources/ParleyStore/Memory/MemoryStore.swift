public import ParleyCore
import Synchronization

/// The reference store: everything in this process's memory, gone when it ends.
///
/// It is the specification that other stores are compared with, so it is written to be seen to be right: a write works on
/// a copy of the whole state, which takes the state's place only when no rule was broken. Writes cost time in proportion to
/// what is stored. Nothing is durable.
public final class MemoryStore: ConversationStore, AccountStore, QueryLog {
    private let state = Mutex(MemoryState())
    private let clock: any WallClock
    let ids: any IDMaker

    /// Makes an empty store that takes times and ids from where it is told.
    public init(clock: any WallClock = SystemClock(), ids: any IDMaker = UUIDv7Maker()) {
        self.clock = clock
        self.ids = ids
    }

    /// Looks at one snapshot.
    func read<Value: Sendable>(_ body: (MemoryState, Timestamp) throws -> Value) rethrows -> Value {
        var snapshot = state.withLock { $0 }
        snapshot.now = clock.now()
        return try body(snapshot, snapshot.now)
    }

    /// Makes one atomic change: all that `body` does, or nothing where it throws.
    func write<Value: Sendable>(_ body: (inout MemoryState, Timestamp) throws -> Value) rethrows -> Value {
        try state.withLock { state in
            var draft = state
            draft.now = clock.now()
            let value = try body(&draft, draft.now)
            state = draft
            return value
        }
    }
}
