import Foundation
import ParleyCore
import ParleyStore
import ParleyTesting

@testable import ParleyTransfer

/// A store to migrate into, and a directory for what the steps know.
struct Migrating {
    let store = MemoryStore(clock: ManualClock(), ids: SequentialIDs(series: 1))
    let directory: String

    static func with(_ body: (Migrating) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("migration-\(UUID().uuidString)")
        defer {
            // What can't be removed stays in the system's directory for such things.
            try? FileManager.default.removeItem(at: directory)
        }
        try await body(Migrating(directory: directory.path))
    }

    func state() throws -> StateDirectory { try StateDirectory(path: directory) }

    func steps(_ redis: MigrationRedis) -> RedisMigration { RedisMigration(from: redis, clock: ManualClock()) }

    func backup(_ redis: MigrationRedis) async throws -> BackupReport { try await steps(redis).backup(to: state()) }

    func apply(_ redis: MigrationRedis, members: MigrationMembers = .none) async throws -> MigrationAccount {
        try await steps(redis).apply(to: store, as: .alice, members: members, state: state())
    }

    func validate(_ redis: MigrationRedis) async throws -> ValidationReport {
        try await steps(redis).validate(StoredConversations(store, as: .alice), state: state())
    }

    func clean(_ redis: MigrationRedis, withQuarantined: Bool = false) async throws -> CleaningReport {
        try await steps(redis).clean(state(), withQuarantined: withQuarantined)
    }

    func rollback(_ redis: MigrationRedis) async throws -> RollbackReport { try await steps(redis).rollback(state()) }

    func undo(_ redis: MigrationRedis) async throws -> UndoReport {
        try await steps(redis).undoImport(from: store, as: .alice, state: state())
    }

    /// Every conversation with its messages, by id.
    func conversations() async throws -> [ConversationID: [Message]] {
        var all: [ConversationID: [Message]] = [:]
        for conversation in try await list() { all[conversation.id] = try await log(conversation.id) }
        return all
    }

    func list(_ project: ProjectID? = nil, as identity: Identity = .alice) async throws -> [Conversation] {
        let filter = ConversationFilter(projectID: project)
        return try await store.conversations(filter, page: PageRequest(limit: 100), as: identity).elements
    }

    func log(_ id: ConversationID) async throws -> [Message] {
        try await store.messages(in: id, .after(0), limit: 100, as: .alice).messages
    }

    /// The messages of the one conversation there is, as `role: text`.
    func onlyLog() async throws -> [String] {
        let all = try await conversations()
        guard all.count == 1, let log = all.first?.value else { return ["\(all.count) conversations"] }
        return log.map { "\($0.role.rawValue): \($0.content)" }
    }

    /// The lines of `records.jsonl`.
    func records() throws -> [JSON] { try state().lines(.records) }
}
