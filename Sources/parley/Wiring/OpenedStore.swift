import ParleyCore
import ParleyPostgres
import ParleySQLite

/// The truth, opened: what a server or a command works with.
enum OpenedStore: Sendable {
    case sqlite(SQLiteStore)
    case postgres(PostgresStore)

    /// As the port.
    var conversations: any ConversationStore {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        }
    }

    /// Where accounts are.
    var accounts: any AccountStore {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        }
    }

    /// Where turns are noted.
    var queryLog: any QueryLog {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        }
    }

    /// Returns when it answers.
    func check() async throws {
        switch self {
        case .sqlite(let store): try await store.check()
        case .postgres(let store): try await store.check()
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
        }
    }

    private static func outcome<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }
}
