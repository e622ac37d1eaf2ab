import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization

/// The reference store with versions, which can be out of reach, and which tells a test of reads before they are made.
final class FaultyStore: VersionedStore, WrappingStore {
    /// What is about to be read.
    enum Read: Hashable, Sendable {
        case projects
        case project
        case changes
        case conversation
        case versions
    }

    let base: VersionedMemoryStore
    private let before = Mutex<(@Sendable (Read) async throws -> Void)>({ _ in })
    private let after = Mutex<(@Sendable (Read) async -> Void)>({ _ in })

    init(_ base: VersionedMemoryStore) {
        self.base = base
    }

    var wrapped: any ConversationStore { base }

    /// From now on does this before each read, which fails where it throws.
    func before(_ body: @escaping @Sendable (Read) async throws -> Void) {
        before.withLock { $0 = body }
    }

    /// From now on does this after each read, before its answer is handed out.
    func after(_ body: @escaping @Sendable (Read) async -> Void) {
        after.withLock { $0 = body }
    }

    /// Before each read of a kind an error, or no longer.
    func fail(_ reads: Set<Read>, with error: ParleyError = .unavailable("Gone.")) {
        before { if reads.contains($0) { throw error } }
    }

    private func reading<Value>(_ read: Read, _ body: () async throws -> Value) async throws -> Value {
        try await before.withLock { $0 }(read)
        let value = try await body()
        await after.withLock { $0 }(read)
        return value
    }

    func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> { commit }

    func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project> {
        try await reading(.projects) { try await base.projects(page: page, as: identity) }
    }

    func project(_ id: ProjectID, as identity: Identity) async throws -> Project {
        try await reading(.project) { try await base.project(id, as: identity) }
    }

    func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage {
        try await reading(.changes) {
            try await base.changes(in: conversation, since: revision, limit: limit, as: identity)
        }
    }

    func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) async throws -> (conversation: Conversation, page: MessagePage) {
        try await reading(.conversation) {
            try await base.conversation(id, newestMessages: limit, as: identity)
        }
    }

    func logVersions(_ questions: [LogQuestion]) async throws -> [LogVersion?] {
        try await reading(.versions) { try await base.logVersions(questions) }
    }

    func newestMessagesWithVersion(
        in conversation: ConversationID,
        limit: Int,
        as identity: Identity
    ) async throws -> (page: MessagePage, version: LogVersion) {
        try await base.newestMessagesWithVersion(in: conversation, limit: limit, as: identity)
    }
}
