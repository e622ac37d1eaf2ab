import Logging
import ParleyCore
import ServiceLifecycle
import Synchronization

/// The store that is mirrored into, opened when it can be: a server starts and serves without it.
///
/// Until it is open, calls fail with `unavailable`, and what they were for is tried again.
final class LateMirror: ReplicaStore, Service {
    private let open: @Sendable () async throws -> OpenedStore
    private let logger: Logger
    private let opened = Mutex<OpenedStore?>(nil)
    private let (tries, trying) = AsyncStream<Never>.makeStream()

    private static let pause = Duration.seconds(5)

    /// Opens the store by `open`.
    init(logger: Logger, open: @escaping @Sendable () async throws -> OpenedStore) {
        self.logger = logger
        self.open = open
    }

    /// Opens the store, again and again where that fails, and closes it when the server shuts down.
    func run() async {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                try await open().use { store in
                    self.opened.withLock { $0 = store }
                    self.trying.finish()
                    // Cancelled: it is closed all the same.
                    try? await gracefulShutdown()
                    self.opened.withLock { $0 = nil }
                }
            } catch {
                trying.finish()
                let reason = (error as? ParleyError)?.message ?? "\(type(of: error))"
                logger.error("The mirror can't be opened.", metadata: ["error": "\(reason)"])
                await cancelWhenGracefulShutdown {
                    // Cut short by the shutdown.
                    try? await Task.sleep(for: Self.pause)
                }
            }
        }
    }

    /// Returns when it was tried to open it, once, or the task is cancelled.
    func tried() async {
        for await _ in tries {}
    }

    /// Returns when it answers.
    func check() async throws {
        guard let store = opened.withLock({ $0 }) else { throw Self.notOpen }
        try await store.check()
    }

    private static let notOpen = ParleyError.unavailable("The mirror is not open yet.")

    private func store() throws -> any ReplicaStore {
        guard let store = opened.withLock({ $0 }) else { throw Self.notOpen }
        return store.replica
    }

    func replicaProjects(after id: ProjectID?, limit: Int) async throws -> [ProjectID] {
        try await store().replicaProjects(after: id, limit: limit)
    }

    func replicaProject(_ id: ProjectID) async throws -> ProjectRecord? { try await store().replicaProject(id) }

    func replicaConversations(
        in project: ProjectID,
        after id: ConversationID?,
        limit: Int
    ) async throws -> [ConversationHead] {
        try await store().replicaConversations(in: project, after: id, limit: limit)
    }

    func replicaConversation(_ id: ConversationID) async throws -> ConversationRecord? {
        try await store().replicaConversation(id)
    }

    func replicaMessages(
        of conversation: ConversationID,
        changedSince revision: Int,
        afterSeq seq: Int,
        limit: Int
    ) async throws -> [MessageRecord] {
        try await store().replicaMessages(of: conversation, changedSince: revision, afterSeq: seq, limit: limit)
    }

    func replicaPeople(after email: EmailAddress?, limit: Int) async throws -> [PersonRecord] {
        try await store().replicaPeople(after: email, limit: limit)
    }

    func replicaPerson(_ email: EmailAddress) async throws -> PersonRecord? { try await store().replicaPerson(email) }

    func replicaQueryLog(after line: QueryLogEntry?, limit: Int) async throws -> [QueryLogEntry] {
        try await store().replicaQueryLog(after: line, limit: limit)
    }

    func putReplica(_ project: ProjectRecord) async throws { try await store().putReplica(project) }

    func removeReplica(_ project: ProjectID) async throws { try await store().removeReplica(project) }

    func putReplica(_ conversation: ConversationRecord, messages: [MessageRecord], isWhole: Bool) async throws {
        try await store().putReplica(conversation, messages: messages, isWhole: isWhole)
    }

    func removeReplica(_ conversation: ConversationID) async throws { try await store().removeReplica(conversation) }

    func putReplica(_ person: PersonRecord) async throws { try await store().putReplica(person) }

    func removeReplica(_ person: EmailAddress) async throws { try await store().removeReplica(person) }

    func putReplica(_ lines: [QueryLogEntry]) async throws { try await store().putReplica(lines) }

    func removeReplica(_ lines: [QueryLogEntry]) async throws { try await store().removeReplica(lines) }
}

extension LateMirror: ErasureStore {
    private func erasure() throws -> any ErasureStore {
        guard let store = opened.withLock({ $0 }) else { throw Self.notOpen }
        return store.erasure
    }

    func erase(_ person: EmailAddress) async throws -> Commit<ErasureReport> { try await erasure().erase(person) }

    func erasable(_ person: EmailAddress) async throws -> ErasureReport { try await erasure().erasable(person) }

    func expiredConversations(limit: Int) async throws -> [ExpiredConversation] {
        try await erasure().expiredConversations(limit: limit)
    }

    func purgeExpired(limit: Int) async throws -> Commit<Int> { try await erasure().purgeExpired(limit: limit) }

    func rewrite() async throws { try await erasure().rewrite() }
}
