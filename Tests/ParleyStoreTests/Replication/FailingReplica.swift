import ParleyCore
import Synchronization

/// A store to copy to that can be made to fail, and to which another one can be faster.
final class FailingReplica: ReplicaStore {
    private let store: any ReplicaStore
    private let remaining = Mutex<Int?>(nil)
    private let overtaking: @Sendable () async throws -> Void

    /// Stands before a store; does `overtaking` before each part of a conversation is written.
    init(_ store: any ReplicaStore, overtaking: @escaping @Sendable () async throws -> Void = {}) {
        self.store = store
        self.overtaking = overtaking
    }

    /// Lets so many calls through and fails all others; `nil` lets all through.
    func fail(after calls: Int?) {
        remaining.withLock { $0 = calls }
    }

    private func up() throws -> any ReplicaStore {
        try remaining.withLock { remaining in
            guard let calls = remaining else { return }
            guard calls > 0 else { throw ParleyError.unavailable("The copy is gone.") }
            remaining = calls - 1
        }
        return store
    }

    func replicaProjects(after id: ProjectID?, limit: Int) async throws -> [ProjectID] {
        try await up().replicaProjects(after: id, limit: limit)
    }

    func replicaProject(_ id: ProjectID) async throws -> ProjectRecord? { try await up().replicaProject(id) }

    func replicaConversations(
        in project: ProjectID,
        after id: ConversationID?,
        limit: Int
    ) async throws -> [ConversationHead] {
        try await up().replicaConversations(in: project, after: id, limit: limit)
    }

    func replicaConversation(_ id: ConversationID) async throws -> ConversationRecord? {
        try await up().replicaConversation(id)
    }

    func replicaMessages(
        of conversation: ConversationID,
        changedSince revision: Int,
        afterSeq seq: Int,
        limit: Int
    ) async throws -> [MessageRecord] {
        try await up().replicaMessages(of: conversation, changedSince: revision, afterSeq: seq, limit: limit)
    }

    func replicaPeople(after email: EmailAddress?, limit: Int) async throws -> [PersonRecord] {
        try await up().replicaPeople(after: email, limit: limit)
    }

    func replicaPerson(_ email: EmailAddress) async throws -> PersonRecord? { try await up().replicaPerson(email) }

    func replicaQueryLog(after line: QueryLogEntry?, limit: Int) async throws -> [QueryLogEntry] {
        try await up().replicaQueryLog(after: line, limit: limit)
    }

    func putReplica(_ project: ProjectRecord) async throws { try await up().putReplica(project) }

    func removeReplica(_ project: ProjectID) async throws { try await up().removeReplica(project) }

    func putReplica(_ conversation: ConversationRecord, messages: [MessageRecord], isWhole: Bool) async throws {
        try await overtaking()
        try await up().putReplica(conversation, messages: messages, isWhole: isWhole)
    }

    func removeReplica(_ conversation: ConversationID) async throws { try await up().removeReplica(conversation) }

    func putReplica(_ person: PersonRecord) async throws { try await up().putReplica(person) }

    func removeReplica(_ person: EmailAddress) async throws { try await up().removeReplica(person) }

    func putReplica(_ lines: [QueryLogEntry]) async throws { try await up().putReplica(lines) }

    func removeReplica(_ lines: [QueryLogEntry]) async throws { try await up().removeReplica(lines) }
}
