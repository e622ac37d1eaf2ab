public import ParleyCore
public import ParleyStore
import Synchronization

/// The shared cache of logs in this process's memory: what the scripts do in Redis, by their twins.
public final class MemoryLogCache: LogCache {
    private let lists = Mutex<[ConversationID: [[UInt8]]]>([:])
    private let failing = Mutex(false)
    private let readCount = Mutex(0)
    private let scripts: LogCacheTwin<[UInt8]>

    /// Makes an empty cache.
    public init(limit: Int = CacheSettings().limit) {
        scripts = LogCacheTwin(limit: limit)
    }

    /// Whether nothing gets through, as when Redis can't be reached.
    public var isCutOff: Bool {
        get { failing.withLock { $0 } }
        set { failing.withLock { $0 = newValue } }
    }

    /// How often an entry was asked for.
    public var reads: Int { readCount.withLock { $0 } }

    /// The elements of an entry, newest first; none where there is no entry.
    public subscript(conversation: ConversationID) -> [[UInt8]] {
        get { lists.withLock { $0[conversation] ?? [] } }
        set { lists.withLock { $0[conversation] = newValue } }
    }

    /// The entry of a conversation.
    public func read(_ conversation: ConversationID) async -> CachedLog? {
        readCount.withLock { $0 += 1 }
        let list = isCutOff ? [] : self[conversation]
        return list.isEmpty ? nil : CachedLog(list)
    }

    /// Puts appended messages before the others.
    public func push(_ push: LogPush, to conversation: ConversationID) async {
        guard !isCutOff else { return }
        lists.withLock { lists in
            _ = scripts.push(
                push.elements,
                before: push.before,
                revision: push.revision,
                to: &lists[conversation, default: []]
            )
        }
    }

    /// Makes the entry.
    public func fill(_ fill: LogFill, of conversation: ConversationID) async {
        guard !isCutOff else { return }
        lists.withLock { _ = scripts.fill(fill.elements, tag: fill.tag, to: &$0[conversation, default: []]) }
    }

    /// Removes entries.
    public func drop(_ conversations: [ConversationID]) async {
        guard !isCutOff else { return }
        lists.withLock { lists in
            for conversation in conversations { lists[conversation] = nil }
        }
    }
}
