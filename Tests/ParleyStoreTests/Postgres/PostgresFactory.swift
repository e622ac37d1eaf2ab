import LibPQ
import Logging
import ParleyCore
import ParleyTesting

@testable import ParleyPostgres

extension StoreFactory {
    static let postgres = StoreFactory(name: "PostgresStore") { clock, ids in
        let databases = try await TestDatabases.shared()
        let (name, store) = try await databases.take(clock: clock, ids: ids)
        // For as long as the product is used, which ends it.
        let running = Task { await store.run() }
        let tell = { @Sendable now in try await databases.tell(now, to: name) }
        return Product(store: store, accounts: store, queryLog: store, usage: store, tell: tell) {
            store.close()
            await running.value
            try await databases.giveBack(name)
        }
    }
}

/// Databases with Parley's schema on one server, lent to one test at a time.
///
/// A new one for each test would take longer than most of the tests; so they are emptied and used again. There are few, so
/// that few tests load the machine at the same time.
actor TestDatabases {
    private static let count = 8
    private static let starting = Task { try await TestDatabases(server: TestPostgres()) }

    /// The databases of this process; the server is started by the first who asks.
    static func shared() async throws -> TestDatabases { try await starting.value }

    private let server: TestPostgres
    private var free: [String] = []
    private var made = 0
    private var waiting: [CheckedContinuation<String, Never>] = []

    private init(server: TestPostgres) {
        self.server = server
    }

    /// Lends a database without anything in it, and opens a store on it.
    func take(clock: any WallClock, ids: any IDMaker) async throws -> (name: String, store: PostgresStore) {
        let name = try await take()
        do {
            return (name, try await open(name, clock: clock, ids: ids))
        } catch {
            passOn(name)
            throw error
        }
    }

    /// Takes a database back and empties it.
    func giveBack(_ name: String) async throws {
        // In any case: whoever waits for it must not wait for ever.
        defer { passOn(name) }
        let all = ["project", "draft", "account", "query_log"].map { "DELETE FROM \($0)" }
        let clock = Self.clock("(extract(epoch FROM statement_timestamp()) * 1000000)::int8")
        try await server.execute(all + [clock], in: name)
    }

    /// Says what time it is, in place of the server's clock.
    nonisolated func tell(_ now: Timestamp, to name: String) async throws {
        try await server.execute([Self.clock("\(now.microseconds)::int8")], in: name)
    }

    private static func clock(_ expression: String) -> String {
        "CREATE OR REPLACE FUNCTION parley_now() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT \(expression)'"
    }

    private func take() async throws -> String {
        if let name = free.popLast() { return name }
        guard made < Self.count else { return await withCheckedContinuation { waiting.append($0) } }
        made += 1
        let name = "test_\(made)"
        do {
            try await server.execute(["CREATE DATABASE \(name)"], in: "postgres")
        } catch {
            // The next one who asks for it says what is wrong.
            passOn(name)
            throw error
        }
        return name
    }

    private func passOn(_ name: String) {
        if waiting.isEmpty {
            free.append(name)
        } else {
            waiting.removeFirst().resume(returning: name)
        }
    }

    /// Opens a store with few connections, and with patience: on a busy machine nothing but a test of it is to run out.
    nonisolated func open(_ name: String, clock: any WallClock, ids: any IDMaker) async throws -> PostgresStore {
        var settings = PostgresStoreSettings(url: server.url(of: name))
        settings.readers = 1
        settings.lanes = 1
        settings.transactions = 2
        settings.longTransactions = 1
        settings.statementTimeout = .seconds(240)
        settings.acquireTimeout = .seconds(240)
        settings.connectTimeout = .seconds(120)
        settings.leasesGoByStoreClock = true
        return try await PostgresStore.open(settings, clock: clock, ids: ids, logger: .quiet)
    }

    /// Asks a database something beside the store.
    nonisolated func query(_ sql: String, _ arguments: [any PostgresEncodable], in name: String) async throws
        -> PostgresRows
    {
        try await server.withConnection(to: name) { try await $0.query(sql, arguments) }
    }
}

/// A PostgreSQL store for one test, with the name of its database.
func withPostgres(
    _ body: (_ store: PostgresStore, _ t: StoreUnderTest, _ database: String) async throws -> Void
) async throws {
    let clock = ManualClock(tick: .milliseconds(1))
    let databases = try await TestDatabases.shared()
    let (name, store) = try await databases.take(clock: clock, ids: SequentialIDs(series: 1))
    async let running: Void = store.run()
    let product = StoreFactory.Product(store: store, accounts: store, queryLog: store, usage: store) {}
    let result: Result<Void, any Error>
    do {
        result = .success(try await body(store, StoreUnderTest(product, clock: clock), name))
    } catch {
        result = .failure(error)
    }
    store.close()
    await running
    try await databases.giveBack(name)
    try result.get()
}
