public import ParleyCore
public import ParleyStore
import Synchronization

/// The reference store with versions: what a truth behind a cache is to be.
///
/// Every write and every question holds one lock, so the version is always that of the log beside it.
public final class VersionedMemoryStore: VersionedStore, WrappingStore {
    /// The store beneath: for what no port has.
    public let memory: MemoryStore
    private let tags: Mutex<[ConversationID: LogTag]>
    private let makeTag: @Sendable () -> LogTag
    private let isAsked: @Sendable ([LogQuestion]) async -> Void
    private let isRead: @Sendable (ConversationID) async -> Void

    /// Makes one over an empty reference store.
    ///
    /// - Parameters:
    ///   - memory: The store beneath, which nobody else writes to.
    ///   - makeTag: Names a version.
    ///   - isAsked: Called before each question about versions.
    ///   - isRead: Called before each read of messages with their version.
    public init(
        _ memory: MemoryStore = MemoryStore(),
        makeTag: @escaping @Sendable () -> LogTag = { LogTag(bits: .random(in: .min ... .max)) },
        isAsked: @escaping @Sendable ([LogQuestion]) async -> Void = { _ in },
        isRead: @escaping @Sendable (ConversationID) async -> Void = { _ in }
    ) {
        self.memory = memory
        self.makeTag = makeTag
        self.isAsked = isAsked
        self.isRead = isRead
        tags = Mutex([:])
    }

    /// The store beneath.
    public var wrapped: any ConversationStore { memory }

    /// Hands a commit on as it is: its versions were made under the lock.
    public func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> { commit }

    /// The present versions.
    public func logVersions(_ questions: [LogQuestion]) async throws -> [LogVersion?] {
        await isAsked(questions)
        return tags.withLock { tags in
            questions.map { question in
                try? snapshot(question.conversationID, as: Identity(email: question.reader), tags).version
            }
        }
    }

    /// The newest messages and their version.
    public func newestMessagesWithVersion(
        in conversation: ConversationID,
        limit: Int,
        as identity: Identity
    ) async throws -> (page: MessagePage, version: LogVersion) {
        await isRead(conversation)
        try Task.checkCancellation()
        return try tags.withLock { tags in
            let (log, version) = try snapshot(conversation, as: identity, tags)
            return (MessagePage(messages: log.suffix(limit), hasMore: log.count > limit), version)
        }
    }

    /// Gives a log another version for every change, and says which.
    func versioned<Value: Sendable>(_ write: () throws -> Commit<Value>) rethrows -> Commit<Value> {
        try tags.withLock { tags in
            var commit = try write()
            for change in commit.changes {
                let after = makeTag()
                switch change {
                case .conversationCreated(let conversation), .conversationUpdated(let conversation):
                    tags[conversation.id] = after
                case .conversationDeleted(let conversation): tags[conversation.id] = nil
                case .messageUpdated(let message): tags[message.conversationID] = after
                case .messageAppended(let message):
                    let before = tags.updateValue(after, forKey: message.conversationID)
                    if let before { commit.steps.append(LogStep(before: before, after: after)) }
                }
            }
            return commit
        }
    }

    private func snapshot(
        _ id: ConversationID,
        as identity: Identity,
        _ tags: [ConversationID: LogTag]
    ) throws -> (log: [Message], version: LogVersion) {
        let (conversation, page) = try memory.conversation(id, newestMessages: .max, as: identity)
        guard let tag = tags[id] else { throw ParleyError(.internalError, "A log has no version.") }
        let version = LogVersion(
            tag: tag,
            revision: conversation.revision,
            messageCount: conversation.messageCount,
            isStreaming: page.messages.contains { $0.status == .streaming }
        )
        return (page.messages, version)
    }
}
