import ParleyCore
import ParleyPostgres
import ParleyRedis
import ParleySQLite
import ServiceLifecycle

/// The truth, opened: what a server or a command works with.
enum OpenedStore: Sendable {
    case sqlite(SQLiteStore)
    case postgres(PostgresStore)
    case redis(OpenedRedis)

    /// As the port.
    var conversations: any ConversationStore {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        case .redis(let opened): opened.store
        }
    }

    /// Where accounts are.
    var accounts: any AccountStore {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        case .redis(let opened): opened.store
        }
    }

    /// As what can be copied, and be a copy.
    var replica: any ReplicaStore {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        case .redis(let opened): opened.store
        }
    }

    /// Where turns are noted.
    var queryLog: any QueryLog {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        case .redis(let opened): opened.store
        }
    }

    /// Where what was done is counted.
    var usage: any UsageStore {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        case .redis(let opened): opened.store
        }
    }

    /// Where people and what has expired are erased.
    var erasure: any ErasureStore {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        case .redis(let opened): opened.store
        }
    }

    /// What remembers imports.
    var batches: any ImportBatchStore {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        case .redis(let opened): opened.store
        }
    }

    /// Returns when it answers.
    func check() async throws {
        switch self {
        case .sqlite(let store): try await store.check()
        case .postgres(let store): try await store.check()
        case .redis(let opened): try await opened.store.check()
        }
    }

    /// Settings of the store under which an acknowledged write may be lost, in a sentence each.
    func warnings() async throws -> [String] {
        switch self {
        case .sqlite: []
        case .postgres(let store): store.warnings
        case .redis(let opened): try await opened.store.warnings()
        }
    }

    /// Gives `body` the store for as long as it runs, and closes it then.
    func use<Value: Sendable>(_ body: @Sendable (OpenedStore) async throws -> Value) async throws -> Value {
        switch self {
        case .sqlite(let store):
            let result = await Self.outcome { try await body(self) }
            try await store.close()
            return try result.get()
        case .postgres(let store):
            return try await withThrowingTaskGroup { group in
                group.addTask { await store.run() }
                let result = await Self.outcome { try await body(self) }
                store.close()
                try await group.waitForAll()
                return try result.get()
            }
        case .redis(let opened):
            return try await withThrowingTaskGroup { group in
                group.addTask { try await opened.client.run() }
                let result = await Self.outcome { try await body(self) }
                group.cancelAll()
                try await group.waitForAll()
                return try result.get()
            }
        }
    }

    private static func outcome<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }
}
